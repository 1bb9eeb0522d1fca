"""Words of a text, behind one small interface.

jieba's dictionary and semantics without its hidden Markov model. The Rust implementation ``rjieba`` gives
the same words many times faster; where no wheel of it exists, jieba itself serves, with a tokenizer of
our own: the module-level one is shared, logs at DEBUG and caches in the shared temporary folder.
"""

from collections.abc import Callable


def _rust() -> Callable[[str], list[str]] | None:
    try:
        from rjieba import Jieba
    except ImportError:  # pragma: no cover - platforms without a wheel
        return None
    tokenizer = Jieba()
    return lambda text: tokenizer.cut(text, False)


def reference() -> Callable[[str], list[str]]:
    """jieba's own implementation: the reference that the fast path must equal."""
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.cache_file = None
    # The dictionary is built in memory: jieba's cache is a marshal file in a shared folder.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return lambda text: tokenizer.lcut(text, HMM=False)


words: Callable[[str], list[str]] = _rust() or reference()
"""Words of a normalised text in order; their concatenation is the text."""
