"""How the settings of a method are declared; see `earlysieve._settings`, which others use, too."""

from earlysieve._settings import Allowed as Allowed
from earlysieve._settings import Layers as Layers
from earlysieve._settings import NoSettings as NoSettings
from earlysieve._settings import Range as Range
from earlysieve._settings import SettingInfo as SettingInfo
from earlysieve._settings import make_settings as make_settings
from earlysieve._settings import setting as setting
from earlysieve._settings import settings_in as settings_in
