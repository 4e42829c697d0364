#!/usr/bin/env python3
"""Fine-tunes a causal language model on samples with spans, by TRL's SFTTrainer: the same script from one CPU core to
four nodes of eight GPUs.

    python train.py RUN                                   one process
    torchrun --nproc-per-node 8 ... train.py RUN          many; RANK, LOCAL_RANK and WORLD_SIZE are read

RUN holds recipe.json (a resolved recipe of nudge), samples.jsonl (one {"id", "segments": [{kind, text, train, ids?}]} a
line) and, where the recipe cuts the model over GPUs, fsdp.json or deepspeed.json. What is written there: metrics.jsonl,
ckpt/, end.json, final/ (src/train/run-folder.ts says what each is). The same command again goes on from the last whole
checkpoint. Nothing of nudge is imported: the file can be copied anywhere.

What always holds: a token trains if and only if its segment does, and the tokens spell the segments' texts exactly; no
sample is cut; weights that are updated are float32 (an update of 7e-6 is lost in bfloat16: its step is 2^-8 of a weight); a checkpoint
counts when whole.json names all its files with their sizes; final/ appears whole.
"""

import collections
import datetime
import faulthandler
import hashlib
import json
import math
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

EXIT = {"done": 0, "failed": 1, "refused": 2, "stopped": 75, "notFinite": 76, "outOfMemory": 77, "stalled": 78,
        "samples": 79, "diskFull": 80}
OLDEST_TRL = (1, 7)     # before, packing dropped the labels and trained on everything (huggingface/trl f9aeb5902)
IGNORED = -100
RANK, WORLD = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
LOCAL_RANK = int(os.environ.get("LOCAL_RANK", "0"))
ATTEMPT = int(os.environ.get("NUDGE_ATTEMPT", "1"))
for quiet in ("HF_DATASETS_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_PROGRESS_BARS"):     # out.log is read by people
    os.environ.setdefault(quiet, "1")


class Ending(Exception):
    """The job ends here, for a reason that has an exit code."""

    def __init__(self, reason, message, step=None):
        super().__init__(message)
        self.reason, self.message, self.step = reason, message, step


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def say(text):
    if RANK == 0:
        print(f"nudge: {text}", flush=True)     # apart from what libraries say


def write_end(run, reason, message, step=None):
    """Of all ranks the first one to end says why; launchers of many ranks report 1 for every failure."""
    mine = run / f".end.{os.uname().nodename}.{os.getpid()}"
    end = {"attempt": ATTEMPT, "code": EXIT[reason], "reason": reason, "message": message, "rank": RANK, "at": now()}
    if step is not None:
        end["step"] = step
    try:
        mine.write_text(json.dumps(end) + "\n")
        try:
            os.link(mine, run / "end.json")
        except FileExistsError:
            pass
        except OSError:                                 # a file system without hard links
            if not (run / "end.json").exists():
                os.replace(mine, run / "end.json")
        mine.unlink(missing_ok=True)
    except OSError as error:                            # the disk may be what is full
        print(f"end.json could not be written: {error}", file=sys.stderr, flush=True)


# --- the samples -------------------------------------------------------------------------------------------------------

def read_samples(file):
    with open(file, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                sample = json.loads(line)
                assert isinstance(sample["id"], str) and isinstance(sample["segments"], list)
            except (ValueError, KeyError, AssertionError, TypeError):
                raise Ending("samples", f"{file.name}:{number} is no sample: it needs an id and segments") from None
            yield sample


class Encoder:
    """Tokens and labels of a sample. Text is tokenised in runs of equal mask: where training begins after text that only
    stands in the context, a token begins at inference too. Ids that the engine gave are kept where they spell their text."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.kept = self.anew = self.misspelt = 0
        if not tokenizer.is_fast:
            raise Ending("refused", "the tokenizer has no offsets (no fast tokenizer): tokens could not be given to their segments")
        begins = tokenizer("", add_special_tokens=True)["input_ids"]
        self.begin = begins if begins and begins == [tokenizer.bos_token_id] else []

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)

    def run(self, segments):
        """(id, kind) of neighbouring segments that all train, or all do not, and have no ids."""
        text = "".join(segment["text"] for segment in segments)
        coded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ends, at = [], 0
        for segment in segments:
            at += len(segment["text"])
            ends.append(at)
        found, place = [], 0
        for token, (start, _) in zip(coded["input_ids"], coded["offset_mapping"]):
            while place < len(ends) - 1 and start >= ends[place]:
                place += 1
            found.append((token, segments[place]["kind"]))
        return found

    def encode(self, sample):
        """ids, labels and trained tokens by kind."""
        segments = [segment for segment in sample["segments"] if segment["text"] != ""]
        text = "".join(segment["text"] for segment in segments)
        begin = [] if text.startswith(self.tokenizer.bos_token or "\0") else self.begin
        ids, labels, trained, waiting = list(begin), [IGNORED] * len(begin), collections.Counter(), []

        def put(pairs, train):
            for token, kind in pairs:
                ids.append(token)
                labels.append(token if train else IGNORED)
                if train:
                    trained[kind] += 1

        def flush():
            if waiting:
                put(self.run(waiting), waiting[0]["train"])
                waiting.clear()

        for segment in segments:
            own = segment.get("ids")
            if own is not None and self.decode(own) != segment["text"]:
                self.misspelt += 1
                own = None
            if waiting and (own is not None or waiting[0]["train"] != segment["train"]):
                flush()
            if own is None:
                self.anew += 1
                waiting.append(segment)
            else:
                self.kept += 1
                put(((token, segment["kind"]) for token in own), segment["train"])
        flush()
        if self.decode(ids[len(begin):]) != text:
            raise Ending("samples", f"sample {sample['id']}: this tokenizer does not give the text back that it was given; "
                                    "it cannot be trained on exactly. Is it the tokenizer of the model that wrote the samples?")
        return ids, labels, trained


def tokenised(run, recipe, tokenizer, base_hash):
    """The samples as a dataset on disk, and what was counted. Made once for all ranks that see the same disk."""
    from datasets import Dataset, Features, Sequence, Value, load_from_disk

    samples, most = run / "samples.jsonl", recipe["tokens"]["most"]
    key = hashlib.sha256(f"{sha256(samples)} {base_hash} {most}".encode()).hexdigest()[:16]
    folder = run / "tokens" / key

    def build():
        part = run / "tokens" / f".{key}.{os.getpid()}"
        shutil.rmtree(part, ignore_errors=True)
        encoder, counts, lengths, ends = Encoder(tokenizer), collections.Counter(), [], collections.Counter()
        trained = collections.Counter()

        def rows():
            for sample in read_samples(samples):
                counts["samples"] += 1
                ids, labels, by_kind = encoder.encode(sample)
                if len(ids) > most:
                    counts["too long"] += 1
                    continue
                if not by_kind:
                    counts["nothing trains"] += 1
                    continue
                trained.update(by_kind)
                lengths.append(len(ids))
                if labels[-1] != IGNORED:
                    ends[ids[-1]] += 1
                yield {"input_ids": ids, "labels": labels}

        rows_of = list(rows()) if samples.stat().st_size < 1 << 26 else None
        features = Features({"input_ids": Sequence(Value("int32")), "labels": Sequence(Value("int32"))})
        if rows_of is not None:
            dataset = Dataset.from_list(rows_of, features=features) if rows_of else None
        else:
            dataset = Dataset.from_generator(rows, features=features, cache_dir=str(part) + ".cache")
        summary = {"samples": counts["samples"], "used": len(lengths), "too_long": counts["too long"],
                   "nothing_trains": counts["nothing trains"], "tokens": sum(lengths), "longest": max(lengths, default=0),
                   "trained": dict(trained), "ids_kept": encoder.kept, "ids_misspelt": encoder.misspelt,
                   "tokenised": encoder.anew, "end": ends.most_common(1)[0][0] if ends else None}
        if dataset is not None:
            dataset.save_to_disk(str(part))
        part.mkdir(parents=True, exist_ok=True)
        (part / "counts.json").write_text(json.dumps(summary))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
        shutil.rmtree(str(part) + ".cache", ignore_errors=True)

    if RANK == 0 and not (folder / "counts.json").exists():
        folder.parent.mkdir(exist_ok=True)
        build()
    barrier()
    if LOCAL_RANK == 0 and not (folder / "counts.json").exists():   # a node with a disk of its own
        folder.parent.mkdir(exist_ok=True)
        build()
    barrier()
    summary = json.loads((folder / "counts.json").read_text())
    tell_counts(summary, recipe)
    return load_from_disk(str(folder)), summary


def tell_counts(count, recipe):
    tokens, most = recipe["tokens"], recipe["tokens"]["most"]
    all_of = sum(count["trained"].values())
    say(f"samples: {count['samples']}; used {count['used']}; longer than {most} tokens, left out: {count['too_long']}; "
        f"without anything to train: {count['nothing_trains']}")
    kinds = ", ".join(f"{kind} {n:,}" for kind, n in sorted(count["trained"].items())) or "none"
    say(f"trained tokens: {kinds}; together {all_of:,} of {count['tokens']:,} (longest sample {count['longest']:,})")
    say(f"segments with the engine's ids: {count['ids_kept']}; tokenised here: {count['tokenised']}"
        + (f", of which {count['ids_misspelt']} had ids that do not spell their text with this tokenizer" if count["ids_misspelt"] else ""))
    if count["samples"] and count["too_long"] > tokens["most-dropped"] * count["samples"]:
        raise Ending("samples", f"{count['too_long']} of {count['samples']} samples are longer than {most} tokens: more than the "
                                f"recipe's tokens.most-dropped ({tokens['most-dropped']}) allows. Raise tokens.most, or allow more")
    if all_of == 0:
        raise Ending("samples", "no token would train: every sample is masked or left out")


# --- the base model ----------------------------------------------------------------------------------------------------

def sha256(file):
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def hash_of_model(folder):
    """Of what makes the model; base.ts computes the same."""
    names = sorted(f.name for f in folder.iterdir() if f.suffix == ".safetensors" or f.name in ("config.json", "tokenizer.json"))
    return hashlib.sha256("".join(f"{name} {sha256(folder / name)}\n" for name in names).encode()).hexdigest()


def find_base(run, recipe):
    """The folder of the base model and its lineage entry; refuses one that nudge has trained already."""
    at, named = recipe["resolved"]["at"], recipe["base"]
    entry = {"model": named["model"]}
    if "revision" in named and not Path(at).is_absolute():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RevisionNotFoundError
        patterns = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.py"]
        try:
            if LOCAL_RANK == 0:
                snapshot_download(at, revision=named["revision"], allow_patterns=patterns)
            barrier()
            folder = Path(snapshot_download(at, revision=named["revision"], allow_patterns=patterns, local_files_only=True))
        except RevisionNotFoundError:
            raise Ending("refused", f"{at} has no revision {named['revision']}: take one from its page on the hub") from None
        except GatedRepoError:
            raise Ending("refused", f"{at} asks for agreement first: give it on its page, and set HF_TOKEN") from None
        except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
            raise Ending("refused", f"{at} could not be fetched from the hub: {error}") from None
        entry["revision"] = folder.name
    else:
        folder = Path(at) if Path(at).is_absolute() else run / at
        if not (folder / "config.json").exists():
            raise Ending("refused", f"{folder} is no transformers model: there is no config.json in it")
        entry["sha256"] = from_first(lambda: hash_of_model(folder))
        wanted = recipe["resolved"].get("sha256")
        if wanted is not None and wanted != entry["sha256"]:
            raise Ending("refused", f"{folder} is not the base that the job was made with: its files have changed")
    sheet = folder / "final.json"
    if sheet.exists() and recipe["from-checkpoint"] != "on-purpose":
        lineage = json.loads(sheet.read_text()).get("lineage", {})
        trained_on = lineage.get("dataset", {})
        raise Ending("refused", f"{named['model']} was itself trained from {lineage.get('base', {}).get('model', 'a base')} on "
                                f"{trained_on.get('name', 'a dataset')} ({trained_on.get('kind', 'unknown')}): START is trained from that "
                                "base, not from START-0. If you mean it: --from-checkpoint-on-purpose, or from-checkpoint: on-purpose")
    return folder, entry


def load_model(folder, recipe, cpu):
    import torch
    from transformers import AutoModelForCausalLM

    full, shard = recipe["method"] == "full", recipe["memory"]["shard"]
    if shard == "fsdp2":        # one rank a node reads the weights, the others get theirs from it
        os.environ["ACCELERATE_USE_FSDP"] = "true"
        os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "true"
    dtype = torch.float32 if full or cpu else torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=recipe["memory"]["attention"])
    model.config.use_cache = False
    low = {str(p.dtype) for p in model.parameters() if p.dtype != torch.float32} if full and shard != "zero3" else set()
    if low:                     # ZeRO-3 keeps float32 masters of its own
        raise Ending("failed", f"weights to be trained are {', '.join(low)} and not float32")
    return model


# --- what the trainer is told --------------------------------------------------------------------------------------------

def config_of(run, recipe, cpu):
    import transformers
    from trl import SFTConfig

    memory, batch, save, watch = recipe["memory"], recipe["batch"], recipe["save"], recipe["watch"]
    bf16 = not cpu and memory["precision"] != "fp32"
    together, extra = memory["sequence-parallel"], {}
    if memory["shard"] == "zero3":
        extra["deepspeed"] = str(run / "deepspeed.json")
    if memory["shard"] == "fsdp2":
        extra["fsdp"] = True
        extra["fsdp_config"] = json.loads((run / "fsdp.json").read_text())
    if together > 1:
        extra |= parallelism(recipe)
    if recipe["tokens"]["packing"]:
        extra |= {"packing": True, "packing_strategy": "bfd", "max_length": recipe["tokens"]["most"]}
    else:
        extra["max_length"] = None      # nothing is cut: what is too long was left out
    optimizer = {"adamw": "adamw_torch" if cpu else "adamw_torch_fused", "paged-adamw-8bit": "paged_adamw_8bit"}
    recomputed = {"gradient_checkpointing": memory["checkpointing"], "gradient_checkpointing_kwargs": {"use_reentrant": False}}
    if "activation_checkpointing" in SFTConfig.__dataclass_fields__:   # its newer name
        recomputed = {name.replace("gradient", "activation"): value for name, value in recomputed.items()}
    warmup = {"warmup_steps" if int(transformers.__version__.split(".")[0]) >= 5 else "warmup_ratio": recipe["warmup"]}
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(run / "tensorboard"))
    os.environ.setdefault("WANDB_DIR", str(run))
    return SFTConfig(
        output_dir=str(run / "ckpt"), run_name=run.name, seed=recipe["seed"], data_seed=recipe["seed"], use_cpu=cpu, bf16=bf16,
        per_device_train_batch_size=batch["micro"], gradient_accumulation_steps=recipe["resolved"]["accumulate"],
        num_train_epochs=recipe["epochs"], max_steps=recipe.get("max-steps", -1),
        learning_rate=recipe["learning-rate"], lr_scheduler_type=recipe["schedule"] if recipe["warmup"] == 0 or
        recipe["schedule"] != "constant" else "constant_with_warmup",
        weight_decay=recipe["weight-decay"], max_grad_norm=recipe["clip"], optim=optimizer[recipe["optimizer"]],
        loss_type="chunked_nll" if memory["chunked-loss"] else "nll",
        logging_steps=watch["every"], logging_first_step=True, logging_nan_inf_filter=False, disable_tqdm=True,
        report_to=list(watch["report"]), save_strategy="steps", save_steps=save["every"], save_total_limit=save["keep"],
        ddp_timeout=7200, ddp_find_unused_parameters=False, dataloader_pin_memory=not cpu, **recomputed, **warmup, **extra)


def parallelism(recipe):
    """Ulysses (heads are exchanged; DeepSpeed) or ring attention (torch, FSDP2): accelerate's two ways to share a sequence."""
    from accelerate.parallelism_config import ParallelismConfig
    from accelerate.utils import DeepSpeedSequenceParallelConfig, TorchContextParallelConfig

    memory, processes = recipe["memory"], recipe["resolved"]["processes"]
    together = memory["sequence-parallel"]
    if memory["shard"] == "zero3":
        handler = DeepSpeedSequenceParallelConfig(sp_seq_length_is_variable=True, sp_attn_implementation=memory["attention"])
        config = ParallelismConfig(sp_size=together, sp_backend="deepspeed", sp_handler=handler)
        return {"parallelism_config": config, "pad_to_multiple_of": together}
    config = ParallelismConfig(cp_size=together, dp_shard_size=processes // together, cp_handler=TorchContextParallelConfig())
    return {"parallelism_config": config, "pad_to_multiple_of": 2 * together}


def lora_of(recipe):
    if recipe["method"] != "lora":
        return None
    try:
        from peft import LoraConfig
    except ImportError:
        raise Ending("refused", "method: lora needs the package peft: pip install peft") from None
    lora = recipe["lora"]
    return LoraConfig(r=lora["rank"], lora_alpha=lora["alpha"], lora_dropout=lora["dropout"],
                      target_modules=list(lora["targets"]), task_type="CAUSAL_LM")


# --- while it runs ---------------------------------------------------------------------------------------------------------

class Watchdog:
    """Ends the process when nothing has moved for too long: a rank that hangs in a collective never returns by itself.
    It watches from the first beat to `rest`: fetching a model and writing it out take as long as they take."""

    def __init__(self, run, seconds):
        self.run, self.seconds, self.last, self.step = run, seconds, None, 0
        if seconds > 0:
            threading.Thread(target=self.watch, daemon=True).start()

    def beat(self, step=None):
        self.last, self.step = time.monotonic(), step if step is not None else self.step

    def rest(self):
        self.last = None

    def watch(self):
        while True:
            time.sleep(min(1.0, self.seconds / 4))
            last = self.last
            if last is not None and time.monotonic() - last > self.seconds:
                faulthandler.dump_traceback(all_threads=True)
                write_end(self.run, "stalled", f"no step ended for {self.seconds} s after step {self.step} (rank {RANK}): where each "
                          "thread stood is in out.log. A larger watch.stall-seconds waits longer", self.step)
                os._exit(EXIT["stalled"])


def metric_lines(file):
    """The whole lines of metrics.jsonl that can be read."""
    if not file.exists():
        return []
    found = []
    for line in file.read_bytes().split(b"\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return found


def make_callback(run, recipe, resumed, watchdog):
    import torch
    from transformers import TrainerCallback

    class Running(TrainerCallback):
        """Metrics, stops, and the mark that makes a checkpoint whole."""

        def __init__(self):
            self.asked = None                       # which signal
            self.stopped = False
            self.before = metric_lines(run / "metrics.jsonl")
            steps = {line["step"]: line for line in self.before if isinstance(line, dict) and "step" in line}
            self.logged = max(steps, default=0)     # steps after a checkpoint are done again, and not told again
            self.tokens = steps.get(resumed, {}).get("tokens", 0) if resumed else 0
            self.clock, self.seen, self.last = time.monotonic(), 0, {}
            for name in ("SIGTERM", "SIGUSR1"):
                signal.signal(getattr(signal, name), lambda *_, name=name: setattr(self, "asked", name))

        def append(self, line):
            if RANK != 0:
                return
            with open(run / "metrics.jsonl", "ab+") as file:
                size = file.seek(0, os.SEEK_END)
                if size:
                    file.seek(size - 1)
                    if file.read(1) != b"\n":       # a line that a kill tore: closed, so that the next one is whole
                        file.write(b"\n")
                file.write(json.dumps(line).encode() + b"\n")

        def on_train_begin(self, args, state, control, **_):
            watchdog.beat(state.global_step)
            self.append({"event": "begin", "t": now(), "attempt": ATTEMPT, "from_step": state.global_step,
                         "max_steps": state.max_steps, "processes": WORLD})
            say(f"training: steps {state.global_step} to {state.max_steps}, {WORLD} process{'es' if WORLD > 1 else ''}")

        def on_substep_end(self, args, state, control, **_):
            watchdog.beat()

        def on_step_end(self, args, state, control, **_):
            watchdog.beat(state.global_step)
            ask = self.asked or (RANK == 0 and (run / "stop").exists() and "the file stop")
            if WORLD > 1:                           # all ranks stop after the same step
                flag = torch.tensor([1.0 if ask else 0.0], device=args.device)
                torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
                ask = ask or (flag.item() > 0 and "a signal or the file stop")
            if ask and state.global_step < state.max_steps:
                self.asked = self.asked or ask
                self.stopped = control.should_save = control.should_training_stop = True

        def on_save(self, args, state, control, **_):
            barrier()                               # every rank has written its part
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            if RANK == 0:
                files = {str(f.relative_to(folder)): f.stat().st_size for f in sorted(folder.rglob("*"))
                         if f.is_file() and f.name != "whole.json"}
                part = folder / "whole.json.part"
                part.write_text(json.dumps({"step": state.global_step, "files": files}) + "\n")
                os.replace(part, folder / "whole.json")
                self.append({"event": "checkpoint", "t": now(), "attempt": ATTEMPT, "at_step": state.global_step})
            watchdog.beat(state.global_step)

        def on_log(self, args, state, control, logs=None, **_):
            if not logs or "loss" not in logs:
                return
            step, clock, tokens = state.global_step, time.monotonic(), logs.get("num_tokens", 0)
            line = {"step": step, "max_steps": state.max_steps, "t": now(), "attempt": ATTEMPT}
            for name in ("loss", "learning_rate", "grad_norm", "epoch", "entropy"):
                if isinstance(logs.get(name), (int, float)):
                    line[name] = logs[name] if math.isfinite(logs[name]) else None
            if "mean_token_accuracy" in logs:
                line["accuracy"] = logs["mean_token_accuracy"]
            line["tokens_per_second"] = round((tokens - self.seen) / max(1e-9, clock - self.clock), 1)
            line["tokens"] = int(self.tokens + tokens)
            line["memory_bytes"] = most_memory(args.device)
            self.clock, self.seen = clock, tokens
            if step > self.logged:
                self.append(line)
                self.logged, self.last = step, line
            say(f"step {step}/{state.max_steps} loss {logs.get('loss', math.nan):.4g} lr {logs.get('learning_rate', 0):.3g} "
                f"grad {logs.get('grad_norm', math.nan):.3g} {line['tokens_per_second']:.0f} tokens/s")
            if not all(math.isfinite(logs.get(name, 0.0)) for name in ("loss", "grad_norm")):
                raise not_finite(step, logs["loss"], recipe)

    return Running()


def not_finite(step, loss, recipe):
    return Ending("notFinite", f"the loss or its gradient is not finite any more at step {step} (loss {loss}). The checkpoints before it "
                  f"are there. Try a lower learning rate than {recipe['learning-rate']}, a longer warmup, or look at the samples of this step", step)


def most_memory(device):
    import resource

    import torch
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def from_first(make):
    """What rank 0 makes, on every rank."""
    if WORLD == 1:
        return make()
    import torch.distributed as dist
    made = [make() if RANK == 0 else None]
    dist.broadcast_object_list(made)
    return made[0]


def barrier():
    if WORLD > 1:
        import torch.distributed as dist
        if dist.is_initialized():
            dist.barrier()


def last_whole(run):
    """The newest checkpoint that is whole. Newer ones that are not are removed: they would be in the way."""
    found, torn = None, []
    folders = [f for f in (run / "ckpt").glob("checkpoint-*") if f.name.split("-")[1].isdigit()]
    for folder in sorted(folders, key=lambda f: -int(f.name.split("-")[1])):
        try:
            files = json.loads((folder / "whole.json").read_text())["files"]
            whole = all((folder / name).stat().st_size == size for name, size in files.items())
        except (OSError, ValueError, KeyError):
            whole = False
        if whole:
            found = folder
            break
        torn.append(folder)
    barrier()
    for folder in torn if RANK == 0 else []:
        say(f"{folder.name} is not whole (the job ended while it was written): left out and removed")
        shutil.rmtree(folder, ignore_errors=True)
    barrier()
    return found


# --- the end ---------------------------------------------------------------------------------------------------------------

KEPT = ["generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt", "tokenizer.model", "chat_template.jinja", "chat_template.json"]


def save_final(run, recipe, trainer, base, entry, tokenizer, counts, callback, seconds):
    """final/: weights, the base's own configuration and tokenizer, a card, and final.json with all hashes."""
    import torch
    from transformers import AutoModelForCausalLM

    say("writing the model")
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)      # all ranks together; rank 0 has it whole
    if RANK != 0:
        return
    part = run / "final.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    config = json.loads((base / "config.json").read_text())
    named = recipe["save"]["dtype"]
    named = (config.get("dtype") or config.get("torch_dtype") or "bfloat16") if named == "base" else named
    dtype, seen = getattr(torch, named), {}

    def cast(tensor):           # tied weights stay one tensor
        key = (tensor.data_ptr(), tuple(tensor.shape))
        if key not in seen:
            seen[key] = tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype).contiguous()
        return seen[key]

    model = trainer.accelerator.unwrap_model(trainer.model)
    if recipe["method"] == "lora":
        from peft import PeftModel
        model.save_pretrained(part / "adapter", state_dict=state)
        merged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), part / "adapter")
        model = merged.merge_and_unload()
        state = model.state_dict()
    model.save_pretrained(part, state_dict={name: cast(tensor) for name, tensor in state.items()}, max_shard_size="5GB")
    for name in KEPT:
        if (base / name).exists():
            shutil.copyfile(base / name, part / name)
    if not (part / "tokenizer_config.json").exists():
        tokenizer.save_pretrained(part)
    config["torch_dtype" if "torch_dtype" in config else "dtype"] = named
    (part / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    check_names(base, part, config)
    mend_end(part, tokenizer, counts["end"])
    (part / "README.md").write_text(card(recipe, entry, counts))
    if recipe["save"]["gguf"]:
        try:
            import to_gguf
            say(to_gguf.convert(part, part / "model.gguf", f"{Path(recipe['base']['model']).name}-{job_name(run)}"))
        except Exception as error:      # the model is there all the same
            say(f"no GGUF file: {error}")
    import accelerate
    import transformers
    import trl
    versions = {"python": sys.version.split()[0], "torch": torch.__version__, "transformers": transformers.__version__,
                "trl": trl.__version__, "accelerate": accelerate.__version__}
    data = sheet_of(run).get("data", {})
    files = {str(f.relative_to(part)): {"sha256": sha256(f), "bytes": f.stat().st_size} for f in sorted(part.rglob("*")) if f.is_file()}
    (part / "final.json").write_text(json.dumps({
        "job": job_name(run), "steps": trainer.state.global_step, "tokens": counts["tokens"], "trained": counts["trained"],
        "lineage": {"base": entry, "recipe": recipe["name"], "dataset": {"name": data.get("name", "samples"), "kind": data.get("kind", "samples"),
                                                                        "sha256": sha256(run / "samples.jsonl")}},
        **({"loss": callback.last["loss"]} if callback.last.get("loss") is not None else {}), "seconds": round(seconds, 1),
        "versions": versions, "files": files, "created": now()}, indent="\t") + "\n")
    shutil.rmtree(run / "final", ignore_errors=True)
    os.replace(part, run / "final")


def sheet_of(run):
    return json.loads((run / "run.json").read_text()) if (run / "run.json").exists() else {}


def job_name(run):
    return sheet_of(run).get("id", run.name)


def check_names(base, part, config):
    """Every tensor of the base is there again, with its shape: what else would load it can load this."""
    from safetensors import safe_open

    def shapes(folder):
        found = {}
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, "pt") as opened:
                found.update({name: opened.get_slice(name).get_shape() for name in opened.keys()})
        return found

    before, after = shapes(base), shapes(part)
    tied = {"lm_head.weight"} if config.get("tie_word_embeddings") else set()
    lost = [name for name in before if after.get(name) != before[name] and name not in tied]
    if before and lost:
        raise Ending("failed", f"the model that was written lacks {len(lost)} of the base's tensors, such as {lost[0]}: it would not load")


def mend_end(part, tokenizer, end):
    """The token that the samples end with must end a generation; a base model's configuration may know another one only."""
    file = part / "generation_config.json"
    settings = json.loads(file.read_text()) if file.exists() else {}
    known = settings.get("eos_token_id", tokenizer.eos_token_id)
    known = known if isinstance(known, list) else [] if known is None else [known]
    if end is None or end in known or end not in tokenizer.all_special_ids + list(tokenizer.added_tokens_decoder):
        return
    say(f"generation_config.json: {tokenizer.convert_ids_to_tokens(end)} ends the samples, and now ends a generation too")
    file.write_text(json.dumps({**settings, "eos_token_id": [end, *known]}, indent=2) + "\n")


def card(recipe, entry, counts):
    hub = f"base_model: {entry['model']}\n" if "revision" in entry else ""
    trained = ", ".join(f"{kind} {n:,}" for kind, n in sorted(counts["trained"].items()))
    return (f"---\n{hub}pipeline_tag: text-generation\ntags:\n- nudge\n- start\n- tool-use\n---\n\n# Trained by nudge\n\n"
            f"From `{entry['model']}` ({entry.get('revision') or entry.get('sha256')}) by the recipe `{recipe['name']}`: {recipe['method']}, learning "
            f"rate {recipe['learning-rate']}, {recipe['epochs']} epochs.\n\n{counts['used']} samples, {counts['tokens']:,} tokens; trained: {trained}.\n\n"
            "The model thinks and writes Python in fenced blocks; whoever runs it runs them and puts the output in. `final.json` "
            "says where it comes from and what each file hashes to.\n")


def train(run):
    import torch
    import trl
    from transformers import AutoTokenizer, PrinterCallback
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    recipe = json.loads((run / "recipe.json").read_text())
    if tuple(int(part) for part in trl.__version__.split(".")[:2]) < OLDEST_TRL:
        raise Ending("refused", f"trl {trl.__version__} is too old: {'.'.join(map(str, OLDEST_TRL))} or newer is needed (older ones lose the masks)")
    cpu = recipe["resolved"]["cpu"]
    if not cpu and not torch.cuda.is_available():
        raise Ending("refused", "the recipe wants GPUs and torch sees none: is this its CUDA build, and is there a driver? "
                                "(--set shape.cpu-processes=1 trains without)")
    if WORLD != recipe["resolved"]["processes"]:
        raise Ending("refused", f"started with {WORLD} processes, and the recipe is made for {recipe['resolved']['processes']}: the step would "
                                "be of another size")
    begun = time.monotonic()
    watchdog = Watchdog(run, recipe["watch"]["stall-seconds"])
    args = config_of(run, recipe, cpu)          # before the model: it sets up how ranks find each other and ZeRO-3's loading
    base, entry = find_base(run, recipe)
    tokenizer = AutoTokenizer.from_pretrained(base)
    data, counts = tokenised(run, recipe, tokenizer, entry.get("sha256") or entry["revision"])
    checkpoint = last_whole(run)
    resumed = int(checkpoint.name.split("-")[1]) if checkpoint else 0
    callback = make_callback(run, recipe, resumed, watchdog)
    model = load_model(base, recipe, cpu)

    class Trainer(trl.SFTTrainer):
        def training_step(self, *inputs, **named):
            loss = super().training_step(*inputs, **named)
            if not torch.isfinite(loss).all():
                raise not_finite(self.state.global_step + 1, loss.item(), recipe)
            return loss

        def create_model_card(self, *_, **__):  # ours stands in final/
            pass

    trainer = Trainer(model=model, args=args, train_dataset=data, processing_class=tokenizer, peft_config=lora_of(recipe), callbacks=[callback])
    trainer.remove_callback(PrinterCallback)
    how = str(trainer.accelerator.distributed_type).rpartition(".")[2]
    if {"none": how, "fsdp2": "FSDP", "zero3": "DEEPSPEED"}[recipe["memory"]["shard"]] != how:
        raise Ending("refused", f"the recipe cuts the model by {recipe['memory']['shard']}, and accelerate made {how} of it on this machine")
    expected = sum(counts["trained"].values())
    there = trained_in(trainer.train_dataset) if RANK == 0 else expected
    if there != expected:
        raise Ending("failed", f"the trainer would train on {there} tokens and not on the {expected} of the samples: its masks are not ours")
    if checkpoint:
        say(f"going on from {checkpoint.name}")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    watchdog.rest()
    if callback.stopped:
        raise Ending("stopped", f"stopped by {callback.asked} after step {trainer.state.global_step}; a checkpoint is saved, and the same command goes on "
                                "from it", trainer.state.global_step)
    save_final(run, recipe, trainer, base, entry, tokenizer, counts, callback, time.monotonic() - begun)
    barrier()
    return trainer.state.global_step


def trained_in(dataset):
    return sum(int((row["labels"] != IGNORED).sum()) for row in dataset.with_format("numpy"))


OUT_OF_MEMORY = ("The GPU's memory is full: {error}. What helps, in this order: batch.micro=1; memory.checkpointing=true; memory.chunked-loss=true; "
                 "memory.shard=zero3 over more GPUs; memory.sequence-parallel=2 or 4; a smaller tokens.most; memory.offload=true; method=lora")


def what_ended(error):
    """An exception as a reason and a message."""
    import errno
    text = str(error)
    if isinstance(error, Ending):
        return error.reason, error.message, error.step
    if type(error).__name__ in ("OutOfMemoryError", "AcceleratorError") and "out of memory" in text.lower():
        return "outOfMemory", OUT_OF_MEMORY.format(error=text.split(". ")[0]), None
    if isinstance(error, MemoryError) or "can't allocate memory" in text or "Cannot allocate memory" in text:
        return "outOfMemory", f"this machine's memory is full: {text.splitlines()[0] if text else 'MemoryError'}. Try batch.micro=1 or a smaller tokens.most", None
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in text or "file write failed" in text:
        return "diskFull", f"the disk is full: {text.splitlines()[0]}. Make room and start again: the whole checkpoints are there", None
    return "failed", f"{type(error).__name__}: {text}", None


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else EXIT["refused"])
    run = Path(sys.argv[1]).resolve()
    if (run / "final" / "final.json").exists():
        say("final/ is there: nothing is left to do")
        return
    try:
        step = train(run)
        if RANK == 0:
            write_end(run, "done", "trained", step)
        import torch.distributed as dist
        if dist.is_initialized():
            dist.destroy_process_group()
    except BaseException as error:
        if isinstance(error, SystemExit):
            raise
        if not isinstance(error, Ending):
            traceback.print_exc()
        reason, message, step = what_ended(error)
        print(f"nudge: {'stopped' if reason == 'stopped' else 'ended'}: {message}", file=sys.stderr, flush=True)
        write_end(run, reason, message, step)
        sys.stdout.flush()
        os._exit(EXIT[reason])      # a rank that waits for another would not end by itself


if __name__ == "__main__":
    main()
