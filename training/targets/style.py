"""Style: no labels but a video's; spread over its sphere, it carries what the other parts leave over."""

from model.attributes import Attribute
from training.losses.embedding.triplet import TripletLoss
from training.losses.embedding.uniformity import UniformityLoss
from training.losses.loss_term import SPLITTING, Term

STYLE = Attribute.STYLE

TERMS = {
    "style_video": Term(SPLITTING, lambda *_: TripletLoss(), lambda loss, p: loss(p.part(STYLE), p.label("video"))),
    "style_uniformity": Term(SPLITTING, lambda *_: UniformityLoss(), lambda loss, p: loss(p.part(STYLE))),
}
