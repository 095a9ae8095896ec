"""Tests, in folders like the rooms that they test."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of the course
