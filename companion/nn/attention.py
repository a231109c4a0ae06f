"""Attention with learned projections, positions, and the block that Transformers repeat (Vaswani et al., 2017)."""
import numpy as np

from .. import functional as F
from ..rng import own_rng
from ..tensor import Parameter, get_default_dtype
from .init import xavier_uniform
from .layers import Dropout, Linear
from .module import Module
from .norm import LayerNorm


class MultiHeadAttention(Module):
    """Several attentions side by side, each on its own part of the features.

    query (batch, t, embed_dim), key and value (batch, s, embed_dim) -> (batch, t, embed_dim); key and value default to
    the query (self-attention). Weight names and layout are those of torch.nn.MultiheadAttention.
    """

    def __init__(self, embed_dim, num_heads, dropout=0.0, rng=None):
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(f"embed_dim must be a multiple of num_heads, got {embed_dim} and {num_heads}")
        self.num_heads, self.dropout, self.rng = num_heads, dropout, own_rng(rng)
        self.in_proj_weight = Parameter(xavier_uniform((3 * embed_dim, embed_dim), rng=self.rng))
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim))
        self.out_proj = Linear(embed_dim, embed_dim, rng=self.rng)
        self.out_proj.bias.data[:] = 0

    def forward(self, query, key=None, value=None, attn_mask=None, is_causal=False, need_weights=False):
        """attn_mask: booleans that broadcast to (batch, heads, t, s), True where a query may look.

        With need_weights the result is (output, weights (batch, heads, t, s)).
        """
        dim = self.in_proj_weight.shape[1]
        for x in (query, key, value):
            if x is not None and (x.ndim != 3 or x.shape[2] != dim):
                raise ValueError(f"MultiHeadAttention expects (batch, time, {dim}), got {x.shape}")
        key = query if key is None else key
        inputs = query, key, key if value is None else value
        parts = [slice(i * dim, (i + 1) * dim) for i in range(3)]
        q, k, v = (self._heads(F.linear(x, self.in_proj_weight[part], self.in_proj_bias[part]))
                   for x, part in zip(inputs, parts, strict=True))
        out, weights = F.scaled_dot_product_attention(q, k, v, attn_mask, self.dropout if self.training else 0.0,
                                                      is_causal, self.rng, need_weights=True)
        out = self.out_proj(out.swapaxes(1, 2).reshape(*query.shape))
        return (out, weights) if need_weights else out

    def _heads(self, x):
        """(batch, t, embed_dim) -> (batch, heads, t, embed_dim / heads)."""
        batch, t, dim = x.shape
        return x.reshape(batch, t, self.num_heads, dim // self.num_heads).swapaxes(1, 2)


class PositionalEncoding(Module):
    """Adds sines and cosines of wavelengths from 2 pi to 10000 * 2 pi: x (batch, time, d_model) -> the same shape."""

    def __init__(self, d_model, max_len=5000):
        if d_model < 2 or d_model % 2:
            raise ValueError(f"PositionalEncoding expects an even d_model >= 2, got {d_model}")
        angle = np.arange(max_len)[:, None] / 10000 ** (np.arange(0, d_model, 2) / d_model)
        waves = np.stack([np.sin(angle), np.cos(angle)], axis=-1)  # (max_len, d_model / 2, 2)
        self.table = waves.reshape(max_len, d_model).astype(get_default_dtype())

    def forward(self, x):
        max_len, d_model = self.table.shape
        if x.ndim != 3 or x.shape[1] > max_len or x.shape[2] != d_model:
            raise ValueError(f"PositionalEncoding expects (batch, time <= {max_len}, {d_model}), got {x.shape}")
        return x + self.table[:x.shape[1]]


class TransformerBlock(Module):
    """Self-attention, then (with cross_attention) attention to a memory, then two linear layers.

    Each part has a shortcut and a LayerNorm: norm_first=False normalizes after the shortcut, as published;
    norm_first=True before the part, as GPT-2 and most since. Without cross_attention the weights are those of
    torch.nn.TransformerEncoderLayer, with it those of TransformerDecoderLayer.
    """

    def __init__(self, d_model, nhead, dim_feedforward=None, dropout=0.1, activation="relu", norm_first=False,
                 cross_attention=False, rng=None):
        if activation not in ("relu", "gelu"):
            raise ValueError(f"activation must be 'relu' or 'gelu', got {activation!r}")
        hidden, rng = dim_feedforward or 4 * d_model, own_rng(rng)
        self.activation, self.norm_first = activation, norm_first
        self.self_attn = MultiHeadAttention(d_model, nhead, dropout, rng)
        self.multihead_attn = MultiHeadAttention(d_model, nhead, dropout, rng) if cross_attention else None
        self.linear1, self.linear2 = Linear(d_model, hidden, rng=rng), Linear(hidden, d_model, rng=rng)
        self.norm1, self.norm2 = LayerNorm(d_model), LayerNorm(d_model)
        self.norm3 = LayerNorm(d_model) if cross_attention else None
        self.dropout = Dropout(dropout, rng)

    def forward(self, x, memory=None, attn_mask=None, memory_mask=None, is_causal=False):
        """x (batch, t, d_model), memory (batch, s, d_model), masks as in MultiHeadAttention -> (batch, t, d_model)."""
        if (memory is None) != (self.multihead_attn is None):
            raise ValueError("a block with cross_attention needs a memory, and only such a block takes one")
        x = self._part(x, self.norm1, lambda h: self.self_attn(h, attn_mask=attn_mask, is_causal=is_causal))
        if memory is not None:
            x = self._part(x, self.norm2, lambda h: self.multihead_attn(h, memory, attn_mask=memory_mask))
        return self._part(x, self.norm2 if memory is None else self.norm3, self._feed_forward)

    def _part(self, x, norm, part):
        if self.norm_first:
            return x + self.dropout(part(norm(x)))
        return norm(x + self.dropout(part(x)))

    def _feed_forward(self, x):
        h = self.linear1(x)
        return self.linear2(self.dropout(h.relu() if self.activation == "relu" else F.gelu(h)))
