"""Plug-ins for GIMP, Krita and ComfyUI, and their installation into these programs."""
