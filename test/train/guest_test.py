"""What of the trainer needs no torch: run by guest.test.ts with any Python. The whole of it is tried by whole.ts."""
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GUEST = Path(__file__).parent.parent.parent / "src" / "train" / "guest"
sys.path.insert(0, str(GUEST))
sys.dont_write_bytecode = True
import to_gguf  # noqa: E402
import train  # noqa: E402


class Toy:
    """A token is a run of one letter: text that is cut elsewhere has other tokens."""
    is_fast, bos_token, bos_token_id = True, None, None

    def __init__(self):
        self.ids, self.texts = {}, {}

    def id(self, text):
        if text not in self.ids:
            self.ids[text] = len(self.ids) + 10
            self.texts[self.ids[text]] = text
        return self.ids[text]

    def __call__(self, text, add_special_tokens=False, return_offsets_mapping=False):
        ids, offsets, at = [], [], 0
        while at < len(text):
            end = at
            while end < len(text) and text[end] == text[at]:
                end += 1
            ids.append(self.id(text[at:end]))
            offsets.append((at, end))
            at = end
        return {"input_ids": ids, "offset_mapping": offsets}

    def decode(self, ids, **_):
        return "".join(self.texts.get(number, "?") for number in ids)


def segment(kind, text, train, ids=None):
    return {"kind": kind, "text": text, "train": train, **({"ids": ids} if ids is not None else {})}


class Masks(unittest.TestCase):
    def encode(self, *segments, tokenizer=None):
        self.encoder = train.Encoder(tokenizer or Toy())
        ids, labels, trained = self.encoder.encode({"id": "s", "segments": list(segments)})
        return self.encoder.decode, ids, labels, trained

    def test_a_token_never_crosses_from_masked_to_trained(self):
        decode, ids, labels, trained = self.encode(segment("prompt", "aa", False), segment("model", "ab", True), segment("output", "bb", False))
        self.assertEqual([decode([i]) for i in ids], ["aa", "a", "b", "bb"])
        self.assertEqual([label != -100 for label in labels], [False, True, True, False])
        self.assertEqual(trained, {"model": 2})

    def test_neighbours_of_one_mask_are_one_text_and_each_token_counts_where_it_begins(self):
        decode, ids, _, trained = self.encode(segment("model", "ab", True), segment("hint", "bc", True), segment("edit", "", True))
        self.assertEqual([decode([i]) for i in ids], ["a", "bb", "c"])
        self.assertEqual(trained, {"model": 2, "hint": 1})

    def test_ids_of_the_engine_stay_where_they_spell_their_text(self):
        toy = Toy()
        one = toy.id("a")
        decode, ids, labels, _ = self.encode(segment("prompt", "aa", False, [one, one]), segment("model", "aa", True, [999]), tokenizer=toy)
        self.assertEqual(ids, [one, one, toy.id("aa")])
        self.assertEqual((self.encoder.kept, self.encoder.anew, self.encoder.misspelt), (1, 1, 1))

    def test_a_tokenizer_that_loses_text_is_refused(self):
        class Losing(Toy):
            def decode(self, ids, **_):
                return super().decode(ids).replace("b", "")
        with self.assertRaises(train.Ending) as caught:
            self.encode(segment("model", "ab", True), tokenizer=Losing())
        self.assertEqual(caught.exception.reason, "samples")

    def test_any_sample_spells_its_text_and_trains_what_its_segments_train(self):
        draw = random.Random(1)
        for _ in range(500):
            toy = Toy()
            segments = [segment(draw.choice(["model", "hint", "output"]), "".join(draw.choice("ab") for _ in range(draw.randrange(4))),
                                draw.random() < 0.5) for _ in range(draw.randrange(1, 7))]
            for one in segments:
                if draw.random() < 0.4:
                    one["ids"] = [toy.id(letter) for letter in one["text"]]
            decode, ids, labels, trained = self.encode(*segments, tokenizer=toy)
            self.assertEqual(decode(ids), "".join(one["text"] for one in segments))
            self.assertEqual(decode([i for i, label in zip(ids, labels) if label != -100]), "".join(one["text"] for one in segments if one["train"]))
            self.assertEqual(sum(trained.values()), sum(label != -100 for label in labels))


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.run_ = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def checkpoint(self, step, files, mark=True):
        at = self.run_ / "ckpt" / f"checkpoint-{step}"
        at.mkdir(parents=True)
        for name, size in files.items():
            (at / name).write_bytes(b"x" * size)
        if mark:
            (at / "whole.json").write_text(json.dumps({"step": step, "files": {"weights": 4, "state": 2}}))
        return at

    def test_the_last_whole_checkpoint_is_taken_and_torn_ones_go(self):
        whole = self.checkpoint(20, {"weights": 4, "state": 2})
        older = self.checkpoint(9, {"weights": 4, "state": 2})
        cut = self.checkpoint(30, {"weights": 3, "state": 2})
        unmarked = self.checkpoint(100, {"weights": 4, "state": 2}, mark=False)
        self.assertEqual(train.last_whole(self.run_), whole)
        self.assertTrue(older.exists())
        self.assertFalse(cut.exists() or unmarked.exists())

    def test_without_a_whole_one_there_is_none(self):
        self.assertIsNone(train.last_whole(self.run_))

    def test_the_first_end_is_kept(self):
        train.write_end(self.run_, "outOfMemory", "full", 3)
        train.write_end(self.run_, "failed", "the others hung up")
        end = json.loads((self.run_ / "end.json").read_text())
        self.assertEqual((end["code"], end["reason"], end["step"]), (77, "outOfMemory", 3))
        self.assertEqual([f.name for f in self.run_.iterdir()], ["end.json"])

    def test_a_line_that_is_no_sample_is_named(self):
        file = self.run_ / "samples.jsonl"
        file.write_text('{"id": "a", "segments": []}\n{"id": 3}\n')
        with self.assertRaisesRegex(train.Ending, r"samples\.jsonl:2"):
            list(train.read_samples(file))

    def test_metrics_with_a_torn_line_are_read(self):
        (self.run_ / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2, "lo')
        self.assertEqual(train.metric_lines(self.run_ / "metrics.jsonl"), [{"step": 1}])

    def test_a_hash_of_a_model_is_of_its_weights_configuration_and_tokenizer(self):
        for name in ("config.json", "model.safetensors", "README.md"):
            (self.run_ / name).write_text(name)
        before = train.hash_of_model(self.run_)
        (self.run_ / "README.md").write_text("changed")
        self.assertEqual(train.hash_of_model(self.run_), before)
        (self.run_ / "model.safetensors").write_text("changed")
        self.assertNotEqual(train.hash_of_model(self.run_), before)


class Ends(unittest.TestCase):
    def test_what_ended_it_has_a_reason_and_advice(self):
        oom = type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")
        self.assertEqual(train.what_ended(oom)[0], "outOfMemory")
        self.assertIn("batch.micro=1", train.what_ended(oom)[1])
        self.assertEqual(train.what_ended(OSError(28, "No space left on device"))[0], "diskFull")
        self.assertEqual(train.what_ended(MemoryError())[0], "outOfMemory")
        self.assertEqual(train.what_ended(ValueError("x"))[:2], ("failed", "ValueError: x"))
        self.assertEqual(train.what_ended(train.Ending("stopped", "m", 4)), ("stopped", "m", 4))

    def test_counts_that_cannot_be_trained_on_are_refused(self):
        counts = {"samples": 10, "used": 10, "too_long": 0, "nothing_trains": 0, "tokens": 5, "longest": 5, "trained": {}, "ids_kept": 0,
                  "ids_misspelt": 0, "tokenised": 1}
        recipe = {"tokens": {"most": 100, "most-dropped": 0.1}}
        with self.assertRaisesRegex(train.Ending, "no token would train"):
            train.tell_counts(counts, recipe)
        with self.assertRaisesRegex(train.Ending, "2 of 10 samples are longer"):
            train.tell_counts({**counts, "too_long": 2, "trained": {"model": 5}}, recipe)

    def test_a_step_that_never_ends_is_ended_with_its_own_code(self):
        with tempfile.TemporaryDirectory() as folder:
            code = f"import sys, time; sys.path.insert(0, {str(GUEST)!r}); import train; from pathlib import Path; train.Watchdog(Path({folder!r}), 1).beat(); time.sleep(60)"
            done = subprocess.run([sys.executable, "-B", "-c", code], stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, train.EXIT["stalled"])
            self.assertEqual(json.loads(Path(folder, "end.json").read_text())["reason"], "stalled")
            self.assertIn(b"Thread", done.stderr)

    def test_a_trained_folder_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(Path(folder, "final"))
            Path(folder, "final", "final.json").write_text("{}")
            done = subprocess.run([sys.executable, "-B", str(GUEST / "train.py"), folder], stdout=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, b"nothing is left" in done.stdout), (0, True))


class Gguf(unittest.TestCase):
    def test_names_are_llama_cpps(self):
        self.assertEqual(to_gguf.name_of("model.layers.12.self_attn.q_proj.bias", "f"), "blk.12.attn_q.bias")
        self.assertEqual(to_gguf.name_of("lm_head.weight", "f"), "output.weight")
        with self.assertRaisesRegex(to_gguf.Unknown, "convert_hf_to_gguf.py f"):
            to_gguf.name_of("model.layers.0.mlp.experts.3.w1.weight", "f")

    def test_a_tokenizer_that_is_not_known_is_refused_and_not_guessed(self):
        known = json.loads((GUEST.parent.parent.parent / "models" / "nudge-tiny" / "tokenizer.json").read_text())
        self.assertEqual(to_gguf.pre_of(known, "f"), "qwen2")
        for part in known["pre_tokenizer"]["pretokenizers"]:
            if part["type"] == "Split":
                part["pattern"]["Regex"] = r"\w+"
        with self.assertRaisesRegex(to_gguf.Unknown, "cuts text"):
            to_gguf.pre_of(known, "f")


if __name__ == "__main__":
    unittest.main()
