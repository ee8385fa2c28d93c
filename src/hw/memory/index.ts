export { MemoryError, type MemoryErrorCode } from './errors.js';
export { BUFFER_BYTES, PhysicalMemory, type PhysicalMemoryOptions } from './physical-memory.js';
