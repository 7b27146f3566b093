"""The plug-in for Krita: a docker that paints the document as a new layer."""

from krita import DockWidgetFactory, DockWidgetFactoryBase, Krita

from .docker import ImpastoDocker

Krita.instance().addDockWidgetFactory(
    DockWidgetFactory("impasto_docker", DockWidgetFactoryBase.DockRight, ImpastoDocker)
)
