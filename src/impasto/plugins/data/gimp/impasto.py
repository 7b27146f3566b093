#!/usr/bin/env python3
"""The plug-in for GIMP 3: Filters > Artistic > Impasto paints the image as a new layer."""

import sys
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, Gio, GLib, GObject  # noqa: E402

FOLDER = str(Path(__file__).resolve().parent)
if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)
from client import (  # noqa: E402
    ChosenStyle,
    ClientSettings,
    PaintingCancelled,
    PaintingError,
    PaintingRequest,
    make_client,
    work_folder,
)

PROCEDURE = "impasto-paint"


def export(image, drawable, source, path):
    """Write what is to be painted to the PNG file ``path``: the visible image, or the layer ``drawable``."""
    copy = image.duplicate() if source == "visible" else None
    if copy is None:
        copy = Gimp.Image.new(drawable.get_width(), drawable.get_height(), image.get_base_type())
    try:
        if source == "visible":
            Gimp.Selection.none(copy)
            copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
        else:
            layer = Gimp.Layer.new_from_drawable(drawable, copy)
            copy.insert_layer(layer, None, 0)
            layer.set_offsets(0, 0)
        if not Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, copy, Gio.File.new_for_path(path), None):
            raise PaintingError("GIMP could not write the image as PNG")
    finally:
        copy.delete()


def insert(image, drawable, source, path, name):
    """Insert the painting at ``path`` above ``drawable``, as large as what was painted; a selection becomes
    its mask."""
    layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(path))
    if layer is None:
        raise PaintingError("GIMP could not read the painting")
    layer.set_name(name)
    image.insert_layer(layer, drawable.get_parent(), image.get_item_position(drawable))
    if source == "visible":
        width, height, offset = image.get_width(), image.get_height(), (0, 0)
    else:
        width, height = drawable.get_width(), drawable.get_height()
        offset = tuple(drawable.get_offsets())[-2:]
    if (layer.get_width(), layer.get_height()) != (width, height):
        layer.scale(width, height, False)
    layer.set_offsets(*offset)
    if not Gimp.Selection.is_empty(image):
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))


def request_of(config, photo, output):
    """Return the request for the values of the dialog."""
    painting = config.get_property("painting")
    place = painting.get_path() if painting is not None else config.get_property("style")
    return PaintingRequest(
        photo=photo,
        styles=(ChosenStyle(place),),
        output=output,
        engine=config.get_property("engine"),
        size=config.get_property("size") or None,
        strength=config.get_property("strength"),
        stroke_size=config.get_property("stroke-size"),
        keep_color=config.get_property("keep-color"),
        preset=config.get_property("preset"),
        seed=config.get_property("seed"),
    )


def report(done, words):
    """Show progress in GIMP's progress bar."""
    if words:
        Gimp.progress_set_text("Impasto: " + words)
    if done is None:
        Gimp.progress_pulse()
    else:
        Gimp.progress_update(done)


def paint(image, drawable, config):
    """Paint and insert the painting as one step of the undo history."""
    settings = ClientSettings.read(FOLDER)
    source = config.get_property("source")
    Gimp.progress_init("Impasto")
    try:
        with work_folder() as folder:
            photo, output = str(folder / "photo.png"), str(folder / "painting.png")
            export(image, drawable, source, photo)
            request = request_of(config, photo, output)
            # Cancel in GIMP's progress bar kills this process, and so ends the program that writes to it.
            make_client(settings).paint(request, report, lambda: False)
            image.undo_group_start()
            try:
                place = request.styles[0].place
                title = settings.styles.get(place, Path(place).name)
                insert(image, drawable, source, output, "Impasto: " + title)
            finally:
                image.undo_group_end()
    finally:
        Gimp.progress_end()
    Gimp.displays_flush()


def ask(procedure, config):
    """Show the dialog; return whether the user agreed."""
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi

    GimpUi.init(PROCEDURE)
    dialog = GimpUi.ProcedureDialog.new(procedure, config, "Impasto")
    dialog.fill(None)
    agreed = dialog.run()
    dialog.destroy()
    return agreed


def run(procedure, run_mode, image, drawables, config, data):  # noqa: ARG001 - GIMP calls it so
    """Run the procedure for GIMP."""
    if len(drawables) != 1:
        return refuse(procedure, Gimp.PDBStatusType.CALLING_ERROR, "expected one selected layer")
    try:
        if run_mode == Gimp.RunMode.INTERACTIVE and not ask(procedure, config):
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        paint(image, drawables[0], config)
    except PaintingCancelled:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
    except (PaintingError, OSError) as problem:
        return refuse(procedure, Gimp.PDBStatusType.EXECUTION_ERROR, str(problem))
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def refuse(procedure, status, words):
    """Return an error with a message that GIMP shows."""
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), words, 0)
    return procedure.new_return_values(status, error)


def choice(names):
    """Return a choice of names, with the labels that the dialog shows."""
    found = Gimp.Choice.new()
    for number, (name, label) in enumerate(names.items()):
        found.add(name, number, label, "")
    return found


class ImpastoPlugin(Gimp.PlugIn):
    """The plug-in, as GIMP asks for it."""

    def do_set_i18n(self, name):  # noqa: ARG002
        """Return that there are no translations."""
        return False

    def do_query_procedures(self):
        """Return the names of the procedures."""
        return [PROCEDURE]

    def do_create_procedure(self, name):
        """Return the procedure ``name`` with its arguments, which are the dialog's fields."""
        try:
            settings = ClientSettings.read(FOLDER)
            styles, presets = settings.styles, list(settings.style_weights)
        except PaintingError:  # said when it is run
            styles, presets = {"starry-night": "starry-night"}, ["default"]
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_menu_label("_Impasto...")
        procedure.add_menu_path("<Image>/Filters/Artistic")
        procedure.set_attribution("Impasto", "The authors of Impasto, MIT", "2026")
        procedure.set_documentation(
            "Paint the image in the style of a painting",
            "Paints the visible image, or a layer, as a new layer; a selection becomes the layer's mask.",
            name,
        )
        self.add_arguments(procedure, styles, presets)
        return procedure

    def add_arguments(self, procedure, styles, presets):
        """Add the arguments of the procedure."""
        flags = GObject.ParamFlags.READWRITE
        first = "starry-night" if "starry-night" in styles else next(iter(styles))
        engines = {"fast": "Fast: one pass of a network", "stylize": "Optimised: slower, closer"}
        sources = {"visible": "The visible image", "layer": "The selected layer"}
        procedure.add_choice_argument("style", "_Style", "A named style", choice(styles), first, flags)
        procedure.add_file_argument(
            "painting",
            "_Painting",
            "A picture or a style file in place of the named style",
            Gimp.FileChooserAction.OPEN,
            True,
            None,
            flags,
        )
        procedure.add_choice_argument("engine", "_Engine", "How to paint", choice(engines), "fast", flags)
        procedure.add_choice_argument("source", "_Input", "What to paint", choice(sources), "visible", flags)
        procedure.add_int_argument(
            "size", "Si_ze", "Long side in pixels; 0 for the engine's default", 0, 16384, 0, flags
        )
        procedure.add_double_argument(
            "strength", "S_trength", "0 for the photo's own style, 1 for the painting's", 0.0, 2.0, 1.0, flags
        )
        procedure.add_double_argument(
            "stroke-size", "Stro_ke size", "1 as in the painting", 0.25, 3.0, 1.0, flags
        )
        procedure.add_boolean_argument(
            "keep-color", "Keep _colours", "Keep the photo's colours", False, flags
        )
        names = {name: name for name in presets}
        procedure.add_choice_argument(
            "preset", "P_reset", "Options of the optimised engine", choice(names), presets[0], flags
        )
        procedure.add_int_argument("seed", "See_d", "Seed of the optimised engine", 0, 2**31 - 1, 0, flags)


Gimp.main(ImpastoPlugin.__gtype__, sys.argv)
