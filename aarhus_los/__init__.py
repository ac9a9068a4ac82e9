"""Brings Aarhus Kommune's LOS drop into OS2mo."""

__version__ = "0.1.0"
