"""Anything that may be in JSON, often of the words that plans are made of."""

from hypothesis import strategies as st

__all__ = ["JSON"]

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["fox", "Frame 1", "box", "0.5", "50%", "keys", "frame", "layouts"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.lists(st.floats(-2, 2) | st.integers(-9, 2000), min_size=3, max_size=5)
    | st.dictionaries(
        st.sampled_from(["fox", "frame", "box", "x0", "y0", "x1", "y1", "keys", "layouts", "Frame 2", "name", ""])
        | st.text(max_size=4),
        inner,
        max_size=5,
    ),
    max_leaves=30,
)  # fmt: skip
