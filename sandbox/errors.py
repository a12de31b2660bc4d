"""What our machinery can fail at; what the program under test does is never an exception here.

    SandboxError                  anything below
    ├── EngineUnavailable         no Docker engine answers; carries the command that mends it
    ├── ImageBuildFailed          the sandbox image could not be assembled or imported
    ├── ContainerLost             a container died, hung or broke its protocol (retried once by the pool)
    └── JobFailed                 the pool retried on a fresh container and lost that one too: the job is *unjudged*

A job that ends badly because of the program it ran is a `Result` whose outcomes say so.
"""


class SandboxError(Exception):
    """Our machinery failed; the program under test is not to blame."""


class EngineUnavailable(SandboxError):
    """No Docker engine answers. The message says what to run next."""


class ImageBuildFailed(SandboxError):
    """The sandbox image could not be built from this interpreter."""


class ContainerLost(SandboxError):
    """A container died, hung or broke its protocol while a job was inside."""


class JobFailed(SandboxError):
    """A job could not be judged: its container and the fresh one after it were both lost."""
