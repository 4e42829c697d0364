"""Does llama.cpp continue the GGUF exactly as transformers continues the Hugging Face folder? Greedy, token for token.

    python models/test_parity.py [--n 24] [--tokens 200]

Half of the prompts stand at the beginning of thinking, half right after a hint with an opened fence. It also checks that
both tokenize alike (awkward Unicode included) and that the chat template gives the prompt of the contract. llama.cpp
comes from the package xllamacpp; its key-value cache is set to float32, as transformers has it (--cache f16 shows
llama.cpp's default). Where a token differs, the gap between the two best logits is printed: a tie is no fault.
"""
import argparse
import random
import sys

import torch
import xllamacpp
from transformers import AutoModelForCausalLM, AutoTokenizer

from documents import prompt
from make_data import problems
from wordings import wording

AWKWARD = ["Wait, 347×28 – naïve?\n\n```python\nprint('ß🙂')\n```\n", "  two  spaces\t tabs\r\n1234567.5e-3", "漢字 and العربية",
           "<think>\nx</think>\n\nThe answer is \\boxed{1}.<|im_end|>\n", "I'll don't WE'RE ´`''"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="models/nudge-tiny")
    p.add_argument("--n", type=int, default=24)
    p.add_argument("--tokens", type=int, default=200)
    p.add_argument("--seed", type=int, default=11)
    p.add_argument("--cache", choices=["f32", "f16"], default="f32")
    a = p.parse_args()
    tok = AutoTokenizer.from_pretrained(a.model)
    model = AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32).eval()
    params = xllamacpp.CommonParams()
    params.model.path = f"{a.model}/nudge-tiny.gguf"
    params.n_ctx, params.n_parallel, params.n_gpu_layers, params.warmup = 2048, 1, 0, False
    params.cpuparams.n_threads, params.verbosity = 2, 0
    kind = xllamacpp.ggml_type.GGML_TYPE_F32 if a.cache == "f32" else xllamacpp.ggml_type.GGML_TYPE_F16
    params.cache_type_k = params.cache_type_v = kind
    server = xllamacpp.Server(params)

    def llama(ids, n):
        out = server.handle_completions({"prompt": ids, "n_predict": n, "temperature": 0, "n_probs": 1, "cache_prompt": False})
        return [c["id"] for c in out["choices"][0]["logprobs"]["content"]], out["usage"]["prompt_tokens"]

    faults = 0
    shown = tok.apply_chat_template([{"role": "user", "content": "1+1?"}], tokenize=False, add_generation_prompt=True)
    if shown != prompt("1+1?"):
        faults += 1
        print("the chat template gives", repr(shown))
    rng, same, differ, total = random.Random(a.seed), 0, [], 0
    rows = list(problems("test", a.n, a.seed))
    texts = [prompt(r["problem"]) + (f"Okay, let me see.\nWait, {wording(rng)}.\n```python\n" if i % 2 else "") for i, r in enumerate(rows)]
    for text in AWKWARD + texts:
        ids = tok.encode(text, add_special_tokens=False)
        if tok.decode(ids) != text:
            faults += 1
            print("does not come back from the tokenizer:", repr(text))
        _, count = llama(text, 1)
        if count != len(ids) or llama(ids, 1)[0] != llama(text, 1)[0]:
            faults += 1
            print("llama.cpp tokenizes otherwise:", repr(text), count, len(ids))
    for text in texts:
        ids = tok.encode(text, add_special_tokens=False)
        with torch.inference_mode():
            hf = model.generate(torch.tensor([ids]), max_new_tokens=a.tokens, do_sample=False)[0, len(ids):].tolist()
        got, _ = llama(ids, a.tokens)
        hf = hf[:-1] if hf and hf[-1] == tok.eos_token_id else hf
        got = got[:-1] if got and got[-1] == tok.eos_token_id else got
        total += len(hf)
        if hf == got:
            same += 1
            continue
        at = next((i for i, (x, y) in enumerate(zip(hf, got)) if x != y), min(len(hf), len(got)))
        with torch.inference_mode():
            best = model(torch.tensor([ids + hf[:at]])).logits[0, -1].topk(2).values.tolist()
        differ.append(best[0] - best[1])
        print(f"differs at token {at} of {len(hf)}; the gap of the two best logits there is {best[0] - best[1]:.4f}")
    print(f"{same} of {len(texts)} prompts give the same greedy tokens ({total} tokens, key-value cache {a.cache}); {faults} other faults")
    sys.exit(bool(faults or any(gap > 0.05 for gap in differ)))


if __name__ == "__main__":
    main()
