"""Where in a picture a model looked: Grad-CAM heat maps and the pictures that show them."""

from earlysieve.attribution.gradcam import gradcam
from earlysieve.attribution.overlay import overlay, thumbnail
from earlysieve.attribution.target_layer import TargetLayer, find_target_layer

__all__ = ["TargetLayer", "find_target_layer", "gradcam", "overlay", "thumbnail"]
