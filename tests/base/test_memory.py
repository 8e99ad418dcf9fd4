"""What is told the C library: how much to keep of what is freed."""

from types import SimpleNamespace

from csa.base import memory


def test_freed_memory_goes_back_where_the_library_knows_how(monkeypatch):
    told = []
    library = SimpleNamespace(mallopt=lambda *option: told.append(option))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: library)
    memory.tune_malloc(2**18, n_heaps=2)
    assert dict(told) == {-8: 2, -3: 2**18, -1: 2**18}  # heaps, from where on apart, trimmed above
    memory.tune_malloc(2**18, n_heaps=2, spare_bytes=0)
    assert dict(told)[-1] == 0
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: SimpleNamespace())
    memory.tune_malloc(2**18, n_heaps=2)
