"""Linear algebra uses one thread within the block, and as many as before afterwards."""

from threadpoolctl import threadpool_info, threadpool_limits

from csa.areas.expected import single_thread


def threads():
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_within_the_block_there_is_one_thread_and_afterwards_as_many_as_before():
    import numpy.linalg  # noqa: F401,PLC0415 - loads the library

    with threadpool_limits(2, "blas"):
        before = threads()
        with single_thread():
            assert set(threads()) == {1}
            with single_thread():
                assert set(threads()) == {1}
        assert threads() == before
