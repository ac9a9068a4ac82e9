"""Processes that run a program of ours, as real ones do, forked from a Python that has imported all that they import.

A start of Python, with the imports of `los-import`, takes ten times longer than a fork and the end of it. Whatever a
process has from who starts it is handed over: arguments, folder, environment, streams, umask, limits, session. Whoever
starts it is its parent. Where the start itself is the subject (what is imported, and when), `subprocess` is the way.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import inspect
import io
import json
import os
import pkgutil
import resource
import runpy
import signal
import socket
import subprocess
import sys
import time
import types
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Final

_LIMITS: Final = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
_PR_SET_CHILD_SUBREAPER: Final = 36
_REQUEST: Final = 1 << 20  # bytes; more than a process takes as arguments and environment here
_ENDS: Final = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
"""Of the pipes to a child, as `subprocess` names them; -1 where the child has its stream from us."""
_asking = Lock()
_servers: dict[tuple[object, ...], socket.socket] = {}


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen` of `[sys.executable, "-m", MODULE, …]` or `[sys.executable, "-c", CODE, …]`."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """A test that has failed does not wait for what may never end."""
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)

    def _execute_child(self, *given: Any) -> None:
        """Begins the child: the one step that is not as in `subprocess`."""
        how = inspect.signature(super()._execute_child).bind(*given).arguments
        environ = dict(os.environ if how["env"] is None else how["env"])
        if environ.get("PYTHONPATH") != os.environ.get("PYTHONPATH"):
            return super()._execute_child(*given)  # whose modules are others
        request = {
            "args": [str(arg) for arg in how["args"]],
            "cwd": str(how["cwd"] or Path.cwd()),
            "env": environ,
            "umask": _umask(),
            "limits": [resource.getrlimit(limit) for limit in _LIMITS],
            "new_session": how["start_new_session"],
        }
        pipes = [how[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        streams = [own if fd == -1 else fd for own, fd in enumerate(pipes)]
        with _asking:
            server = _server(environ)
            socket.send_fds(server, [json.dumps(request).encode()], streams)
            answer = server.recv(32)
        if not answer:
            raise ChildProcessError("the process that forks has ended: see what it said")
        self.pid = int(answer)
        self._child_created = True
        return self._close_pipe_fds(*(how[name] for name in _ENDS))


def run(
    args: Sequence[str | Path], *, timeout: float | None = None, capture_output: bool = False, **how: Any
) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run`, without its `input` and `check`."""
    if capture_output:
        how |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(args, **how) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _umask() -> int:
    """Ours, as it is: to ask the system call is to change it for a moment, for all threads."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("Umask:")[2].split()[0], 8)


def _server(environ: dict[str, str]) -> socket.socket:
    """Where children are asked for that share what a Python takes from its environment when it starts."""
    letters = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    settings = sorted((name, value) for name, value in environ.items() if name.startswith("PYTHON"))
    key = (os.getpid(), letters, *settings)
    if key not in _servers:
        # The children of a server are orphans by intention, and come to us.
        if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
            raise OSError("children cannot be adopted")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], env=environ, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        _servers[key] = ours
        atexit.register(_end, os.getpid(), ours, process)
    return _servers[key]


def _end(owner: int, server: socket.socket, process: subprocess.Popen[bytes]) -> None:
    if owner == os.getpid():
        server.close()
        process.wait()


# What follows runs in the server, and in its children.


def _import_all() -> None:
    import aarhus_los

    for module in pkgutil.walk_packages(aarhus_los.__path__, "aarhus_los."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    _make_schemas()
    gc.freeze()  # the children share what they do not look at


def _make_schemas() -> None:
    """What every process would make when it first needs it."""
    from pydantic.dataclasses import is_pydantic_dataclass, rebuild_dataclass

    from aarhus_los.drop import rows
    from aarhus_los.sandbox import mo_graphql

    for each in vars(rows).values():
        if is_pydantic_dataclass(each):
            rebuild_dataclass(each)
    mo_graphql.schema()


def _serve(asking: socket.socket) -> dict[str, Any]:
    """Begins a child for every request. Returns its request in each of them; ends the process when there are no more."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        content, streams, *_ = socket.recv_fds(asking, _REQUEST, 3)
        if not content:
            os._exit(0)
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            between, child = os.getpid(), os.fork()
            if child != 0:
                os.write(writing, f"{child}".encode())
                os._exit(0)
            while os.getppid() == between:
                time.sleep(0.0002)
            for fd in (reading, writing, asking.detach()):
                os.close(fd)
            for own, fd in enumerate(streams):
                os.dup2(fd, own)
                os.close(fd)
            signal.signal(signal.SIGINT, interrupt)
            request: dict[str, Any] = json.loads(content)
            return request
        for fd in (writing, *streams):
            os.close(fd)
        os.waitpid(between, 0)
        asking.send(os.read(reading, 32))
        os.close(reading)


def _become(request: dict[str, Any]) -> None:
    """Takes over what the process has from who started it."""
    if request["new_session"]:
        os.setsid()
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    for limit, values in zip(_LIMITS, request["limits"], strict=True):
        if resource.getrlimit(limit) != tuple(values):
            resource.setrlimit(limit, tuple(values))
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        former = getattr(sys, name)
        unbuffered = former.write_through
        binary = open(fd, "wb" if fd else "rb", 0 if unbuffered else -1, closefd=False)  # noqa: SIM115
        stream = io.TextIOWrapper(
            binary,
            former.encoding,
            former.errors,
            newline="\n" if fd else None,
            line_buffering=not unbuffered and (fd == 2 or binary.isatty()),
            write_through=unbuffered,
        )
        # As Python names them: these names are in what it says of a stream that cannot be flushed.
        getattr(binary, "raw", binary).name, stream.mode = f"<{name}>", "w" if fd else "r"  # type: ignore[attr-defined]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _program(args: list[str]) -> None:
    """Runs the program to its end. What it raises is for Python itself to deal with."""
    _, how, what, *more = args
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv = [how, *more]
    sys.excepthook = _told
    if how == "-m":
        sys.path[0] = str(Path.cwd())
        runpy._run_module_as_main(what)  # what `-m` itself does
    else:
        sys.path[0] = ""
        exec(compile(what, "<string>", "exec"), vars(main))


def _told(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    """Leaves out of a traceback how the program was begun."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


class _End:
    """How the process ends: without taking apart all modules, which takes longer than most runs."""

    exit_code: object = None
    """None where Python itself has to tell what went wrong."""

    def __call__(self) -> None:
        if isinstance(self.exit_code, int):
            with suppress(Exception):  # for Python itself to tell
                self._as_python_does()
                os._exit(self.exit_code & 0xFF)
        self._leave_modules()

    def _as_python_does(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        gc.collect()
        names = vars(sys.modules["__main__"])
        for name in names.keys() - {"__builtins__"}:
            names[name] = None
        sys.stdout.flush()
        sys.stderr.flush()

    def _leave_modules(self) -> None:
        modules = {
            name: each for name, each in sys.modules.items() if name not in ("__main__", "sys", "builtins")
        }
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(modules))
        for name in modules:
            del sys.modules[name]


if __name__ == "__main__":
    _end_of_it = atexit.register(_End())  # the first one is called last
    _import_all()
    _asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    _become(_asked)
    try:
        _program(_asked["args"])
        _end_of_it.exit_code = 0
    except SystemExit as _exit:
        _end_of_it.exit_code = 0 if _exit.code is None else _exit.code
        raise
