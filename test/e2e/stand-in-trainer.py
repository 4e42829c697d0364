#!/usr/bin/env python3
"""A Python that says it has all that training needs, and trains nothing: a step at a time, as the contract of a job's folder wants it."""
import hashlib, json, math, os, sys, time
from datetime import datetime, timezone
from pathlib import Path

if "-c" in sys.argv:
    print(json.dumps({"python": "3.12.0", "torch": "2.9.0", "transformers": "5.0.0", "trl": "1.7.0", "accelerate": "1.12.0", "datasets": "4.4.0"}))
    sys.exit(0)

steps = int(os.environ.get("STAND_IN_STEPS", "40"))
pause = float(os.environ.get("STAND_IN_SECONDS", "0.1"))
# Whoever watches takes the time it takes; when this file is there the rest is done at once.
hurry = Path(os.environ.get("STAND_IN_HURRY", "hurry"))
attempt = int(os.environ.get("NUDGE_ATTEMPT", "1"))
whole = sorted(int(p.parent.name.split("-")[1]) for p in Path("ckpt").glob("checkpoint-*/whole.json"))
first = whole[-1] + 1 if whole else 1


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


def save(step):
    folder = Path(f"ckpt/checkpoint-{step}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights").write_text("weights")
    (folder / "whole.json").write_text(json.dumps({"files": {"weights": 7}}))


def end(code, reason, message):
    Path("end.json").write_text(json.dumps({"attempt": attempt, "code": code, "reason": reason, "message": message, "at": now()}))
    sys.exit(code)


print(f"nudge: attempt {attempt} begins at step {first}", flush=True)
for step in range(first, steps + 1):
    time.sleep(0.01 if hurry.exists() else pause)
    loss = 0.4 + 1.6 * math.exp(-step / 12) + 0.05 * math.sin(step * 1.7)
    line = {"step": step, "max_steps": steps, "attempt": attempt, "t": now(), "loss": loss, "grad_norm": 1 / step, "learning_rate": 1e-4 * (1 - step / (steps + 1)), "tokens_per_second": 400 + step}
    with open("metrics.jsonl", "a") as out:
        out.write(json.dumps(line) + "\n")
    print(f"nudge: step {step} of {steps}, loss {loss:.3f}", flush=True)
    if Path("stop").exists():
        save(step)
        end(75, "stopped", f"saved at step {step}")
final = Path("final")
final.mkdir(exist_ok=True)
model = os.environ.get("STAND_IN_MODEL")
data = Path(model).read_bytes() if model else b"no model"
(final / "model.gguf").write_bytes(data)
sheet = {"steps": steps, "files": {"model.gguf": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}}}
(final / "final.json").write_text(json.dumps(sheet))
end(0, "done", "done")
