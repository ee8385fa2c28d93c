/** Copies a whole graph of plain state: a network, a TCP machine (DESIGN §8). */
import { keepsThis, privateName } from './clone-check.js';
import { CloneError } from './errors.js';

/** Hook for classes with fields that must not be copied as they are. */
export interface CloneHook {
  /**
   * Called on the original before its fields are copied. Every property written to `copy` stands as it is in the copy
   * instead of being cloned; an error thrown refuses the whole copy.
   */
  cloneFields(copy: Record<string, unknown>): void;
}

/** The same hook under a symbol: `[CLONE](copy)`. Declared classes of the library use the method's name. */
export const CLONE: unique symbol = Symbol.for('softirq.clone');

/**
 * Base of classes on hot paths. It holds nothing; it lets the cloner make instances of the very hidden class that the
 * constructor makes, without running the constructor. Code that has seen clones of other classes meets two hidden
 * classes per site and runs 2 to 3 times slower in property-bound loops.
 */
export class Cloneable {}

/** Options of cloneGraph. */
export interface CloneOptions {
  /** Objects that the copy shares with the original instead of copying them. */
  share?: Iterable<object>;
}

type Fields = Record<string, unknown>;
type TypedArray = Uint8Array & { constructor: new (buffer: ArrayBuffer, offset: number, length: number) => unknown };

/** Steps from a holder to a value. */
const ROOT = 0;
const FIELD = 1;
const INDEX = 2;
const MAP_VALUE = 3;
const MAP_KEY = 4;
const MEMBER = 5;
const BUFFER = 6;

/** How a value was reached, for error messages: a linked list from the value to the root. */
interface Path {
  readonly step: number;
  readonly key: unknown;
  readonly up: Path | null;
}

function stepText(path: Path): string {
  const key = typeof path.key === 'object' && path.key !== null ? 'object' : String(path.key);
  if (path.step === FIELD) return `.${key}`;
  if (path.step === INDEX) return `[${key}]`;
  if (path.step === MAP_VALUE) return `.get(${key})`;
  if (path.step === MAP_KEY) return `.key(${key})`;
  if (path.step === MEMBER) return `.member(${key})`;
  return path.step === BUFFER ? '.buffer' : 'root';
}

function pathText(path: Path): string {
  const names: string[] = [];
  for (let p: Path | null = path; p !== null; p = p.up) names.push(stepText(p));
  return names.reverse().join('');
}

function refuse(path: Path, what: string): never {
  throw new CloneError(pathText(path), what);
}

function bufferOf(view: ArrayBufferView, path: Path): ArrayBuffer {
  if (!(view.buffer instanceof ArrayBuffer)) refuse(path, 'a view of shared memory');
  return view.buffer;
}

/** The hook of an object's class, if it has one. */
function hookOf(x: object): ((copy: Fields) => void) | undefined {
  const hooked = x as { cloneFields?: unknown; [CLONE]?: (copy: Fields) => void };
  return typeof hooked.cloneFields === 'function' ? (x as CloneHook).cloneFields : hooked[CLONE];
}

/** An object without properties of the class of `x`. */
function instance(x: object): object {
  const maker: unknown = x.constructor;
  const prototype: object | null = Object.getPrototypeOf(x);
  if (x instanceof Cloneable && typeof maker === 'function' && maker.prototype === prototype) {
    return Reflect.construct(Cloneable, [], maker);
  }
  return Object.create(prototype);
}

function emptyFunction(): void {}
const BOUND_PREFIX: string = emptyFunction.bind(null).name.slice(0, 6);

/** One run of cloneGraph. The work list is explicit: linked lists of packets are deeper than the call stack. */
class Cloner {
  private readonly copies: Map<object, object>;
  /** Objects whose copy exists and whose contents are still to be copied, with their paths. */
  private readonly todo: object[];
  private readonly paths: Path[];
  /** Prototypes whose classes have no private names. */
  private readonly plain: Set<object>;
  /** An ordinary property, used again for each. */
  private readonly property: PropertyDescriptor;

  constructor(share: Iterable<object>) {
    this.copies = new Map();
    this.todo = [];
    this.paths = [];
    this.plain = new Set([Object.prototype]);
    this.property = { value: undefined, writable: true, enumerable: true, configurable: true };
    for (const object of share) this.copies.set(object, object);
  }

  /** The copy of one value; contents of objects follow in finish(). */
  value(x: unknown, up: Path | null, step: number, key: unknown): unknown {
    if (typeof x === 'function') return this.func(x, up, step, key);
    if (typeof x !== 'object' || x === null) return x;
    const known = this.copies.get(x);
    if (known !== undefined) return known;
    const path = { step, key, up };
    const copy = this.shell(x, path);
    this.copies.set(x, copy);
    return copy;
  }

  /** Copies the contents of everything met so far and of what that leads to. */
  finish(): void {
    for (let x = this.todo.pop(); x !== undefined; x = this.todo.pop()) {
      this.fill(x, this.copies.get(x) as object, this.paths.pop() as Path);
    }
  }

  /** Functions are code, shared by reference; a bound one hides state. */
  private func(x: object, up: Path | null, step: number, key: unknown): unknown {
    const f = x as { name: unknown; prototype?: unknown };
    if (typeof f.name === 'string' && f.name.startsWith(BOUND_PREFIX) && f.prototype === undefined) {
      refuse({ step, key, up }, 'a bound function');
    }
    if (keepsThis(x)) refuse({ step, key, up }, 'an arrow function that uses this: make it a method');
    return x;
  }

  private later(x: object, path: Path): void {
    this.todo.push(x);
    this.paths.push(path);
  }

  /** An empty copy of the right kind; views and buffers are copied at once. */
  private shell(x: object, path: Path): object {
    if (x instanceof ArrayBuffer) return x.slice(0);
    if (ArrayBuffer.isView(x)) return this.view(x, path);
    const tag = Object.prototype.toString.call(x);
    let copy: object;
    if (tag === '[object Object]') {
      this.checkClass(x, path);
      copy = instance(x);
    } else if (Array.isArray(x)) copy = new Array(x.length);
    else if (x instanceof Map) copy = new Map();
    else if (x instanceof Set) copy = new Set();
    else refuse(path, `a ${tag.slice(8, -1)}`);
    this.later(x, path);
    return copy;
  }

  private checkClass(x: object, path: Path): void {
    for (
      let p: object | null = Object.getPrototypeOf(x);
      p !== null && !this.plain.has(p);
      p = Object.getPrototypeOf(p)
    ) {
      const maker: unknown = p.constructor;
      const name = typeof maker === 'function' ? privateName(maker) : '';
      if (name !== '') refuse(path, `an object with the private name ${name}: say private ${name.slice(1)} instead`);
      this.plain.add(p);
    }
  }

  /** A view of the same range of the copied buffer: views that shared a buffer share its copy. */
  private view(x: ArrayBufferView, path: Path): object {
    const buffer = this.value(bufferOf(x, path), path, BUFFER, null) as ArrayBuffer;
    if (x instanceof DataView) return new DataView(buffer, x.byteOffset, x.byteLength);
    const array = x as TypedArray;
    return new array.constructor(buffer, array.byteOffset, array.length) as object;
  }

  private fill(x: object, copy: object, path: Path): void {
    if (Array.isArray(x)) {
      const to = copy as unknown[];
      for (let i = 0; i < x.length; i++) if (i in x) to[i] = this.value(x[i], path, INDEX, i);
    } else if (x instanceof Map) {
      const to = copy as Map<unknown, unknown>;
      for (const [k, v] of x) to.set(this.value(k, path, MAP_KEY, k), this.value(v, path, MAP_VALUE, k));
    } else if (x instanceof Set) {
      const to = copy as Set<unknown>;
      for (const v of x) to.add(this.value(v, path, MEMBER, v));
    } else this.fields(x, copy, path);
  }

  private fields(x: object, copy: object, path: Path): void {
    const from = x as Fields;
    const to = copy as Fields;
    const given: Fields = {};
    const hook = hookOf(x);
    if (hook !== undefined) hook.call(x, given);
    if (Object.getOwnPropertySymbols(x).length > 0) refuse(path, 'an object with symbol keys');
    // Instances of classes that the constructor made have none; a Cloneable is trusted so far.
    const checked = !(x instanceof Cloneable);
    // Own properties in the order they were made, so that all copies of a class share one hidden class.
    for (const key of Object.getOwnPropertyNames(x)) {
      if (hook !== undefined && Object.hasOwn(given, key)) this.put(to, key, given[key]);
      else {
        if (checked) this.refuseAccessor(x, key, path);
        this.put(to, key, this.value(from[key], path, FIELD, key));
      }
    }
  }

  private refuseAccessor(x: object, key: string, path: Path): void {
    const descriptor = Object.getOwnPropertyDescriptor(x, key);
    if (descriptor?.get !== undefined || descriptor?.set !== undefined) {
      refuse({ step: FIELD, key, up: path }, 'an accessor');
    }
  }

  private put(to: Fields, key: string, value: unknown): void {
    if (to instanceof Cloneable) {
      to[key] = value;
      return;
    }
    // Not `to[key] = value`: V8 makes a hash table of an object that gets more than some 12 properties by computed keys,
    // and every loop over such objects runs 20 times slower. A defined property takes the path of a named one.
    this.property.value = value;
    Object.defineProperty(to, key, this.property);
  }
}

/**
 * A copy of everything reachable from `root`: objects with their prototypes, arrays, Maps, Sets, typed arrays (those
 * that share a buffer share its copy), cycles. Functions are shared. Throws CloneError, naming the path, at a Promise,
 * WeakMap, bound function, arrow function that uses `this`, accessor, symbol key, class with private names, object of the
 * platform, or shared memory.
 */
export function cloneGraph<T>(root: T, options: CloneOptions = {}): T {
  const cloner = new Cloner(options.share ?? []);
  const copy = cloner.value(root, null, ROOT, null);
  cloner.finish();
  return copy as T;
}
