"""Runs sequences of datagram socket calls on the machine's own kernel: one JSON line in, one JSON line out."""
import ctypes
import json
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
ROOM = 256
MSG_DONTWAIT = 0x40


def own_namespace():
    """A network namespace with nothing but lo, so that no other program's ports are in the way. Needs root."""
    if libc.unshare(CLONE_NEWNET) != 0:
        return False
    fd = libc.socket(2, 2, 0)
    ifreq = ctypes.create_string_buffer(b"lo".ljust(16, b"\0") + IFF_UP.to_bytes(2, "little"), 40)
    done = libc.ioctl(fd, SIOCSIFFLAGS, ifreq) == 0
    libc.close(fd)
    return done


def value(result):
    return result if result >= 0 else -ctypes.get_errno()


class Run:
    def __init__(self):
        self.fds = []

    def fd(self, slot):
        return self.fds[slot] if slot < len(self.fds) else 987

    def port(self, spec):
        """A port number, or {"of": slot}: the one that socket is bound to at this moment."""
        if isinstance(spec, int):
            return spec
        room, length = ctypes.create_string_buffer(ROOM), ctypes.c_uint32(ROOM)
        if libc.getsockname(self.fd(spec["of"]), room, ctypes.byref(length)) != 0:
            return 0
        return int.from_bytes(room.raw[2:4], "big")

    def name(self, addr):
        raw = bytearray(bytes.fromhex(addr["bytes"]).ljust(ROOM, b"\0"))
        raw[2:4] = self.port(addr["port"]).to_bytes(2, "big")
        return ctypes.create_string_buffer(bytes(raw), ROOM)

    def call(self, op):
        kind = op["call"]
        if kind == "socket":
            fd = libc.socket(op["family"], op["type"], op["protocol"])
            answer = value(min(fd, 0))
            if fd >= 0:
                self.fds.append(fd)
            return {"result": answer}
        fd = self.fd(op["fd"])
        return getattr(self, kind)(fd, op)

    def bind(self, fd, op):
        return {"result": value(libc.bind(fd, self.name(op["addr"]), op["addr"]["length"]))}

    def connect(self, fd, op):
        return {"result": value(libc.connect(fd, self.name(op["addr"]), op["addr"]["length"]))}

    def sendto(self, fd, op):
        data = bytes([op["fill"]]) * op["length"]
        addr = op.get("addr")
        flags = op["flags"] | MSG_DONTWAIT | 0x4000  # no SIGPIPE
        if addr is None:
            return {"result": value(libc.sendto(fd, data, len(data), flags, None, 0))}
        return {"result": value(libc.sendto(fd, data, len(data), flags, self.name(addr), addr["length"]))}

    def recvfrom(self, fd, op):
        room = ctypes.create_string_buffer(max(1, op["length"]))
        name, length = ctypes.create_string_buffer(ROOM), ctypes.c_uint32(ROOM)
        n = value(libc.recvfrom(fd, room, op["length"], op["flags"] | MSG_DONTWAIT, name, ctypes.byref(length)))
        if n < 0:
            return {"result": n}
        got = room.raw[: min(n, op["length"])]
        return {"result": n, "data": got[:4].hex() + got[-1:].hex(), "name": name.raw[: length.value].hex()}

    def getname(self, fd, op):
        room, length = ctypes.create_string_buffer(ROOM), ctypes.c_uint32(ROOM)
        which = libc.getpeername if op["peer"] else libc.getsockname
        r = value(which(fd, room, ctypes.byref(length)))
        return {"result": r} if r < 0 else {"result": r, "name": room.raw[: length.value].hex()}

    def shutdown(self, fd, op):
        return {"result": value(libc.shutdown(fd, op["how"]))}

    def poll(self, fd, op):
        class Pollfd(ctypes.Structure):
            _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]

        p = Pollfd(fd, op["events"], 0)
        r = value(libc.poll(ctypes.byref(p), 1, 0))
        return {"result": r, "revents": p.revents}

    def setsockopt(self, fd, op):
        raw = bytes.fromhex(op["value"])
        return {"result": value(libc.setsockopt(fd, op["level"], op["name"], raw, len(raw)))}

    def getsockopt(self, fd, op):
        room, length = ctypes.create_string_buffer(ROOM), ctypes.c_uint32(op["room"])
        r = value(libc.getsockopt(fd, op["level"], op["name"], room, ctypes.byref(length)))
        return {"result": r} if r < 0 else {"result": r, "value": room.raw[: length.value].hex()}

    def close(self, fd, op):
        return {"result": value(libc.close(fd))}


def sysctl(name):
    with open("/proc/sys/net/" + name) as file:
        return int(file.read().split()[0])


def main():
    alone = own_namespace()
    names = ["core/rmem_default", "core/wmem_default", "core/rmem_max", "core/wmem_max"]
    hello = {"alone": alone, "release": os.uname().release, "sysctls": {n.split("/")[1]: sysctl(n) for n in names}}
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        run = Run()
        answers = [run.call(op) for op in json.loads(line)]
        for fd in run.fds:
            libc.close(fd)
        print(json.dumps(answers), flush=True)


main()
