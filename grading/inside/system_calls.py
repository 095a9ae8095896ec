"""Which calls of the Linux kernel students' code may not make, as a seccomp filter.

Namespaces hide files, processes and networks. They leave open a few ways around: memory that
belongs to no process and so is not counted, things that stay behind when a process has ended, keys
of the person who marks, settings of the process that all answers are forked from.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import platform
import struct

# Numbers on x86_64 and on aarch64 (asm/unistd_64.h, asm-generic/unistd.h).
FORBIDDEN = {
    # Memory outside all processes, and messages that wait for the next student.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # Keys of the person who marks.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Other processes, and the kernel's own log.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "syslog": (103, 116),
    # Where the kernel shares out processors by session, an answer has one share.
    "setsid": (112, 157),
    # Large parts of the kernel that no answer needs; io_uring would also pass by this filter.
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "open_by_handle_at": (304, 265),
}
# Allowed for the process itself: process 0 as the first argument.
FOR_ITSELF = {
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}
SOCKET = (41, 198)
# Of these families bubblewrap hides all but the sandbox's own; AF_VSOCK would reach the host.
SOCKET_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
# Two processes that train together ask the kernel for the network's interfaces: there is one, the
# sandbox's own. Other protocols of this family reach further into the kernel.
NETLINK, NETLINK_ROUTE = 16, 0

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # AUDIT_ARCH_...
X32 = 0x40000000  # on x86_64, calls of another kind have this bit set

# Of linux/bpf_common.h and linux/seccomp.h.
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
CALL, ARCHITECTURE, FIRST_ARGUMENT, THIRD_ARGUMENT = 0, 4, 16, 32  # in seccomp_data
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def seccomp_filter(machine: str = platform.machine()) -> bytes:
    """The filter's program. Raises KeyError for an unknown kind of processor."""
    column, architecture = ARCHITECTURES[machine]
    not_permitted, unknown = REFUSE | errno.EPERM, REFUSE | errno.ENOSYS
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, unknown),
        (LOAD, 0, 0, CALL),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, unknown),
    ]
    for numbers in FORBIDDEN.values():
        program += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, not_permitted)]
    for numbers in FOR_ITSELF.values():
        program += [
            (EQUAL, 0, 4, numbers[column]),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            (EQUAL, 0, 1, 0),
            (RETURN, 0, 0, ALLOW),
            (RETURN, 0, 0, not_permitted),
        ]
    families = [(EQUAL, len(SOCKET_FAMILIES) - n + 3, 0, f) for n, f in enumerate(SOCKET_FAMILIES)]
    program += [
        (EQUAL, 0, len(families) + 5, SOCKET[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        *families,
        (EQUAL, 0, 2, NETLINK),
        (LOAD, 0, 0, THIRD_ARGUMENT),
        (EQUAL, 1, 0, NETLINK_ROUTE),
        (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT),
    ]
    program.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


@functools.cache
def prepared_filter() -> tuple[Program, ctypes.Array]:
    """The filter as the kernel takes it, and the memory that it lies in. Raises KeyError."""
    program = seccomp_filter()
    steps = ctypes.create_string_buffer(program, len(program))
    return Program(len(program) // 8, ctypes.addressof(steps)), steps


def forbid() -> None:
    """Refuse these calls to this process and all that it starts, for good. Raises OSError."""
    PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
    whole, _ = prepared_filter()
    prctl = libc().prctl
    refused = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    refused = refused or prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0)
    if refused:
        raise OSError(ctypes.get_errno(), "The kernel takes no filter of system calls")
