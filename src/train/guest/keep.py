"""Runs a job in a folder of its own machine and keeps what it makes in a bucket that is mounted as another folder.

Mounted buckets are no file systems: what is appended to an open file is seen by nobody before it is closed (rclone's cache,
which SkyPilot's MOUNT_CACHED is), or not allowed at all (hf-mount, which Hugging Face Jobs use); renaming is a copy. So the
job runs on a real disk, and every few seconds whole files are written anew into the bucket.

    python3 keep.py [--attempt N] [--node K --nodes N] [--hours H] RUN KEPT COMMAND ...

KEPT/                      what src/train/run-folder.ts calls RUN, as far as it is worth keeping:
    out.log metrics.jsonl  of all attempts
    ckpt/checkpoint-N/     whole with its whole.json, which is written last; of several nodes all parts of it
    final/                 with its final.json, which is written last
    attempts/N/rc          the exit code of that attempt, written last; end.json beside it says why
    attempts/N/stop        made by whoever wants the job to save and end

What always holds: nothing of an earlier attempt is taken for this one's; a checkpoint is taken up only where all its files have
the sizes that its whole.json names; a time limit (--hours) is met by a checkpoint before it, not by a kill. Standard library alone.
"""
import argparse, json, os, shutil, signal, subprocess, sys, time
from pathlib import Path

STOPPED = 75                                   # src/train/run-folder.ts: EXIT
CHECKPOINTS = 2                                # kept in the bucket
EVERY = float(os.environ.get("NUDGE_KEEP_SECONDS", "10"))
PIECE = 8 << 20
GROWING = ("out.log", "metrics.jsonl")


def say(text):
    print(f"nudge: {text}", flush=True)


def put(source, to):
    """A whole file into the bucket: written from its beginning to its end and closed, which is all that mounts promise."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb") as read, open(to, "wb") as write:
        shutil.copyfileobj(read, write, PIECE)


def put_text(text, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    with open(to, "w") as write:
        write.write(text)


def text_of(path):
    try:
        return path.read_text()
    except OSError:
        return None


def files_of(folder):
    """Sizes by name, without the marks of this script and the trainer."""
    return {str(f.relative_to(folder)): f.stat().st_size for f in sorted(folder.rglob("*"))
            if f.is_file() and not (f.parent == folder and f.name.startswith("whole"))}


def is_whole(folder):
    try:
        files = json.loads((folder / "whole.json").read_text())["files"]
        return all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def checkpoints(root):
    """Newest first."""
    found = [f for f in (root / "ckpt").glob("checkpoint-*") if f.name.split("-")[1].isdigit()] if (root / "ckpt").is_dir() else []
    return sorted(found, key=lambda f: -int(f.name.split("-")[1]))


class Keeper:
    def __init__(self, run, kept, attempt, node, nodes):
        self.run, self.kept, self.node, self.nodes = run, kept, node, nodes
        self.attempt = kept / "attempts" / str(attempt)
        self.seen = {}                         # of growing files: size as it was kept
        self.done = set()                      # checkpoints of which this node's part is kept
        self.gone = set()                      # those that were kept and made room for newer ones
        self.asked = None                      # why the job was asked to stop
        self.failed = None

    def restore(self):
        if self.node == 0:
            for name in ("rc", "end.json", "stop"):
                (self.attempt / name).unlink(missing_ok=True)
            for name in GROWING:
                if (self.kept / name).is_file() and not (self.run / name).exists():
                    shutil.copyfile(self.kept / name, self.run / name)
        for folder in checkpoints(self.kept):
            here = self.run / "ckpt" / folder.name
            if is_whole(here):
                return
            if not is_whole(folder):
                if self.node == 0:             # its parts are not to be taken for those of the one that is made anew
                    shutil.rmtree(folder, ignore_errors=True)
            else:
                shutil.rmtree(here, ignore_errors=True)
                shutil.copytree(folder, here, ignore=shutil.ignore_patterns("whole-*.json"), copy_function=shutil.copyfile)
                if is_whole(here):
                    say(f"{folder.name} was fetched from the bucket")
                    self.done.add(folder.name)
                    return

    def round(self):
        """Keeps what is new. A bucket that cannot be written for a while stops nothing: the next round tries again."""
        try:
            if self.node == 0:
                self.growing()
            for folder in checkpoints(self.run):
                try:
                    self.checkpoint(folder)
                except FileNotFoundError:
                    if folder.exists():        # else the trainer has removed it meanwhile, as too old
                        raise
            self.prune()
            self.failed = None
        except OSError as error:
            if self.failed is None:
                say(f"the bucket cannot be written now, and is tried again: {error}")
            self.failed = error

    def growing(self):
        for name in GROWING:
            file = self.run / name
            size = file.stat().st_size if file.exists() else 0
            if size > 0 and self.seen.get(name) != size:
                put(file, self.kept / name)
                self.seen[name] = size

    def checkpoint(self, folder):
        """Every node keeps its part. Node 0 begins once the trainer says that all ranks have written, the others once node 0
        has; whole.json comes when all parts are there."""
        there = self.kept / "ckpt" / folder.name
        if folder.name in self.gone or folder.name in self.done and self.node > 0 or (there / "whole.json").exists() and folder.name in self.done:
            return
        begin = folder / "whole.json" if self.node == 0 else there / "whole-0.json"
        if not begin.exists():
            return
        if folder.name not in self.done:
            own = files_of(folder)
            for name in own:
                put(folder / name, there / name)
            if self.nodes > 1:
                put_text(json.dumps({"files": own}), there / f"whole-{self.node}.json")
            self.done.add(folder.name)
        if self.node > 0:
            return
        sheet = json.loads((folder / "whole.json").read_text())
        for other in range(1, self.nodes):
            text = text_of(there / f"whole-{other}.json")
            if text is None:
                return
            try:
                sheet["files"].update(json.loads(text)["files"])
            except (ValueError, KeyError):
                return                         # it is being written: the next round
        put_text(json.dumps(sheet) + "\n", there / "whole.json")

    def prune(self):
        """Older checkpoints go when newer ones are whole; on the other nodes here too, where the trainer removes none."""
        whole = [folder.name for folder in checkpoints(self.kept) if (folder / "whole.json").exists()]
        for name in whole[CHECKPOINTS:]:
            self.gone.add(name)
            if self.node == 0:
                (self.kept / "ckpt" / name / "whole.json").unlink(missing_ok=True)
                shutil.rmtree(self.kept / "ckpt" / name, ignore_errors=True)
            else:
                shutil.rmtree(self.run / "ckpt" / name, ignore_errors=True)

    def stop(self, why):
        """Said again each round: job.sh takes away what was there before it began."""
        self.asked = self.asked or why
        (self.run / "stop").touch()

    def end(self, code):
        """All that is left, then why it ended, then the exit code."""
        if self.node > 0:
            self.patiently(lambda: self.round())
            return
        if self.nodes > 1:                     # the others' parts of the last checkpoint
            for _ in range(60):
                self.round()
                last = next(iter(checkpoints(self.run)), None)
                if last is None or not (last / "whole.json").exists() or (self.kept / "ckpt" / last.name / "whole.json").exists():
                    break
                time.sleep(EVERY / 10)

        def everything():
            final = self.run / "final"
            if (final / "final.json").exists():
                for name in files_of(final):
                    if name != "final.json":
                        put(final / name, self.kept / "final" / name)
                put(final / "final.json", self.kept / "final" / "final.json")
            self.round()
            if self.failed:
                raise self.failed
            text = text_of(self.run / "end.json")
            if text is not None:
                if code == STOPPED and self.asked == "limit":
                    end = json.loads(text)
                    text = json.dumps({**end, "message": f"the job's time limit neared: {end.get('message', '')}"})
                put_text(text, self.attempt / "end.json")
            put_text(f"{code}\n", self.attempt / "rc")

        self.patiently(everything)

    def patiently(self, work):
        for wait in (1, 5, 20, 60, 120, None):
            try:
                return work()
            except OSError as error:
                if wait is None:
                    say(f"what the job made could not be kept: {error}")
                    raise
                time.sleep(min(wait, EVERY * 12))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--attempt", type=int, default=1)
    parser.add_argument("--node", type=int, default=0)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--hours", type=float)
    parser.add_argument("run", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    said = parser.parse_args()
    began = time.monotonic()
    keeper = Keeper(said.run, said.kept, said.attempt, said.node, said.nodes)
    keeper.restore()
    limit = None if said.hours is None else said.hours * 3600 - min(900, said.hours * 360)
    log = open(said.run / ("out.log" if said.node == 0 else f"out-{said.node}.log"), "ab")
    child = subprocess.Popen(said.command, cwd=said.run, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                             env={**os.environ, "NUDGE_ATTEMPT": str(said.attempt)}, start_new_session=True)

    def ended(number, _):
        keeper.asked = keeper.asked or "signal"
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    while True:
        try:
            code = child.wait(timeout=EVERY)
            break
        except subprocess.TimeoutExpired:
            pass
        keeper.round()
        if (keeper.attempt / "stop").exists():
            keeper.stop("user")
        if limit is not None and time.monotonic() - began > limit:
            keeper.stop("limit")
    log.close()
    code = 128 - code if code < 0 else code
    keeper.end(code)
    if said.node > 0:                          # node 0 is not to be ended before it has kept everything
        for _ in range(12):
            if (keeper.attempt / "rc").exists():
                break
            time.sleep(EVERY)
    # What was stopped on purpose is no failure that anybody should repeat; what was interrupted may be started again.
    sys.exit(0 if code == STOPPED and keeper.asked == "user" else code)


if __name__ == "__main__":
    main()
