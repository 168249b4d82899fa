import torch

from model.attributes import EMBEDDING_SIZE, SPACES
from tests.tiny import tiny_model


def test_embed_is_encoder_then_splitter_and_render_merger_then_decoder() -> None:
    model = tiny_model()
    images = torch.rand(3, 3, 64, 64) * 2 - 1
    f = model.embed(images)
    assert f.shape == (3, EMBEDDING_SIZE)
    assert torch.equal(f, model.splitter(model.encoder(images)))
    assert torch.equal(model.render(f), model.decoder(model.merger(f)))
    assert torch.equal(model(images), model.render(f))


def test_larger_pictures_are_read_by_the_averages_of_their_pixels() -> None:
    model, images = tiny_model(), torch.rand(2, 3, 64, 64) * 2 - 1
    enlarged = images.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    torch.testing.assert_close(model.embed(enlarged), model.embed(images))


def test_it_owns_the_four_networks_and_nothing_else() -> None:
    model = tiny_model()
    assert [name for name, _ in model.named_children()] == ["encoder", "decoder", "splitter", "merger"]
    assert {name.partition(".")[0] for name in model.state_dict()} == {"encoder", "decoder", "splitter", "merger"}


def test_unit_parts_have_length_1() -> None:
    f = tiny_model().embed(torch.rand(4, 3, 64, 64) * 2 - 1)
    for space in SPACES.values():
        if space.unit:
            torch.testing.assert_close(f[:, space.slice].norm(dim=1), torch.ones(4))
