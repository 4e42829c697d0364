"""Stands in for the trainer where a test is about the launcher: a step every tenth of a second, a checkpoint every five."""
import hashlib, json, os, signal, sys, time
from pathlib import Path

steps = int(os.environ.get("STEPS", "30"))
rank = int(os.environ.get("NODE_RANK", "0"))
attempt = int(os.environ.get("NUDGE_ATTEMPT", "1"))
whole = sorted(int(p.parent.name.split("-")[1]) for p in Path("ckpt").glob("checkpoint-*/whole.json"))
first = whole[-1] + 1 if whole else 1
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))


def end(code, reason, message):
    if rank == 0:
        Path("end.json").write_text(json.dumps({"attempt": attempt, "code": code, "reason": reason, "message": message, "at": ""}))
    sys.exit(code)


def save(step):
    folder = Path(f"ckpt/checkpoint-{step}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights").write_text(f"weights {step}")
    (folder / "whole.json").write_text(json.dumps({"files": {"weights": len(f"weights {step}")}}))


print(f"attempt {attempt} rank {rank} of {os.environ.get('SLURM_NNODES', 1)} at {os.environ.get('MASTER_ADDR')} from step {first}", flush=True)
for step in range(first, steps + 1):
    time.sleep(0.1)
    if rank == 0:
        with open("metrics.jsonl", "a") as out:
            out.write(json.dumps({"step": step, "max_steps": steps, "attempt": attempt, "t": "", "loss": 1 / step}) + "\n")
    if Path("fail").exists():
        end(77, "outOfMemory", "out of memory: take a smaller batch")
    if step % 5 == 0 and rank == 0:
        save(step)
    if asked or Path("stop").exists():
        if rank == 0:
            save(step)
        end(75, "stopped", f"saved at step {step}")
if rank == 0:
    Path("final").mkdir(exist_ok=True)
    Path("final/model.bin").write_bytes(b"model" * 100000)
    data = Path("final/model.bin").read_bytes()
    sheet = {"steps": steps, "files": {"model.bin": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}}}
    Path("final/final.json").write_text(json.dumps(sheet))
end(0, "done", "done")
