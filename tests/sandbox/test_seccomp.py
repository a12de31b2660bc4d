"""The seccomp profile: deny unless listed, and what must never be listed."""

import json

from sandbox import seccomp


def allowed() -> set[str]:
    """Names of the calls that are allowed, whatever their arguments."""
    rules = json.loads(seccomp.profile())["syscalls"]
    return {
        name for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("args") for name in rule["names"]
    }


def test_what_is_not_listed_is_denied() -> None:
    """The default is an error, not a kill and not a pass."""
    profile = json.loads(seccomp.profile())
    assert (profile["defaultAction"], profile["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    assert {rule["action"] for rule in profile["syscalls"]} == {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"}


def test_dangerous_calls_are_not_listed() -> None:
    """Nothing that reads another process, outlives a job, opens a namespace, loads code into the kernel or sets its clock."""
    dangerous = """
        ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd keyctl add_key request_key bpf perf_event_open
        io_uring_setup io_uring_enter io_uring_register userfaultfd mount umount2 move_mount open_tree fsopen fsmount
        pivot_root chroot unshare setns clone3 init_module finit_module delete_module kexec_load reboot swapon
        shmget shmat semget msgget mq_open settimeofday clock_settime adjtimex personality quotactl mknod mknodat
        open_by_handle_at name_to_handle_at fanotify_init syslog acct iopl ioperm seccomp sethostname
        socket connect bind listen accept accept4
    """.split()
    assert not allowed() & set(dangerous)


def test_sockets_are_pairs_of_the_unix_family_only() -> None:
    """`socketpair` is allowed for one family; `clone` only without a flag that makes a namespace."""
    rules = {rule["names"][0]: rule for rule in json.loads(seccomp.profile())["syscalls"] if rule.get("args")}
    assert rules["socketpair"]["args"] == [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]
    namespaces = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
    (only,) = rules["clone"]["args"]
    assert (only["value"], only["valueTwo"], only["op"]) == (namespaces, 0, "SCMP_CMP_MASKED_EQ")


def test_no_call_is_listed_twice() -> None:
    """The list is a set; a double entry is a slip."""
    names = [name for rule in json.loads(seccomp.profile())["syscalls"] for name in rule["names"]]
    assert len(names) == len(set(names))
