"""Scenes: when and how they were taken, where their pixels are, which band is which; opened by their headers alone."""

from __future__ import annotations

from changedet.roles import MASKS, OPTICAL, ROLES, SAR
from changedet.scenes.hosts import check_hosts
from changedet.scenes.looks import group_looks, match_scales, shared_roles
from changedet.scenes.model import BandSource, Look, MaskSource, Scene, SunAngles, ViewAngles
from changedet.scenes.opening import open_scene

__all__ = [
    "MASKS",
    "OPTICAL",
    "ROLES",
    "SAR",
    "BandSource",
    "Look",
    "MaskSource",
    "Scene",
    "SunAngles",
    "ViewAngles",
    "check_hosts",
    "group_looks",
    "match_scales",
    "open_scene",
    "shared_roles",
]
