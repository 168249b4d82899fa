"""What routes depend on."""

import inspect
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.app import ROUTERS
from service.routing.router import GuardedRoute

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def within(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from within(inner)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_that_a_route_depends_on_goes_to_a_thread(route: APIRoute) -> None:
    for dependant in within(route.dependant):
        assert inspect.iscoroutinefunction(dependant.call), dependant.call


def test_every_route_asks_the_guard() -> None:
    assert len(ROUTES) > 30
    assert {type(route) for route in ROUTES} == {GuardedRoute}
    assert all(isinstance(route, APIRoute) for router in ROUTERS for route in router.routes)
