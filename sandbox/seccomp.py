"""The system calls a sandbox may make: deny by default, allow what CPython and its standard library need.

Left out on purpose, beyond what is merely unneeded: `ptrace`, `process_vm_*`, `kcmp`, `pidfd_getfd` (other processes'
memory and files), `keyctl` and kin (keyrings outlive a job), `io_uring_*`, `bpf`, `userfaultfd`, `perf_event_open` (kernel
surface), `mount`, `unshare`, `setns` (namespaces), System V and POSIX message queues, semaphores and shared memory
(they outlive a job), and every socket but Unix ones.
"""

import json

AF_UNIX = 1
CLONE_NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET

_ALLOWED = """
access alarm arch_prctl brk capget capset chdir chmod chown clock_getres clock_gettime clock_nanosleep close close_range
copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd eventfd2 execve
execveat exit exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchown fchownat fcntl fdatasync
fgetxattr flistxattr flock fork fstat fstatfs fsync ftruncate futex futex_waitv getcpu getcwd getdents getdents64
getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid
getresuid getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getxattr inotify_add_watch
inotify_init inotify_init1 inotify_rm_watch ioctl kill lchown lgetxattr link linkat listxattr llistxattr lseek lstat
madvise membarrier memfd_create mincore mkdir mkdirat mlock mlock2 mmap mprotect mremap msync munlock munmap nanosleep
newfstatat open openat pause pidfd_open pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv preadv2 prlimit64
pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg rename renameat
renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam
sched_getscheduler sched_setaffinity sched_yield select sendfile sendmmsg sendmsg sendto set_robust_list set_tid_address
setfsgid setfsuid setgid setgroups setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid
setsockopt setuid shutdown sigaltstack splice stat statfs statx symlink symlinkat sync_file_range sysinfo tee tgkill
time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes vfork vmsplice wait4 waitid
waitpid write writev get_robust_list
""".split()


def profile() -> str:
    """The profile as Docker takes it: JSON."""
    unix_only = [{"index": 0, "value": AF_UNIX, "op": "SCMP_CMP_EQ"}]
    no_namespace = [{"index": 0, "value": CLONE_NAMESPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    return json.dumps(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 1,
            "archMap": [
                {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
                {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
            ],
            "syscalls": [
                {"names": _ALLOWED, "action": "SCMP_ACT_ALLOW"},
                {"names": ["socketpair"], "action": "SCMP_ACT_ALLOW", "args": unix_only},
                {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": no_namespace},
                # glibc falls back to clone, whose flags the filter can read
                {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
            ],
        }
    )
