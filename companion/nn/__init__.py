"""Layers, models and losses, under the names that PyTorch gives them."""
from . import init
from .attention import MultiHeadAttention, PositionalEncoding, TransformerBlock
from .layers import (
    ELU,
    GELU,
    AvgPool2d,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    SiLU,
    Tanh,
)
from .losses import BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, L1Loss, MSELoss
from .module import Module, Sequential
from .norm import BatchNorm1d, BatchNorm2d, LayerNorm
from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

__all__ = [
    "ELU", "GELU", "GRU", "LSTM", "RNN", "AvgPool2d", "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "Conv2d",
    "CrossEntropyLoss", "Dropout", "Embedding", "Flatten", "GRUCell", "HuberLoss", "L1Loss", "LSTMCell", "LayerNorm",
    "LeakyReLU", "Linear", "MSELoss", "MaxPool2d", "Module", "MultiHeadAttention", "PositionalEncoding", "RNNCell",
    "ReLU", "Sequential", "SiLU", "Sigmoid", "Tanh", "TransformerBlock", "init",
]
