"""What routes depend on."""

import inspect
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.app import ROUTERS
from service.security.caller import authorize

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def within(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from within(inner)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nothing_that_a_route_depends_on_goes_to_a_thread(route: APIRoute) -> None:
    for dependant in within(route.dependant):
        assert inspect.iscoroutinefunction(dependant.call), dependant.call


def test_the_guard_of_all_routes_does_not_either() -> None:
    assert inspect.iscoroutinefunction(authorize)
    assert len(ROUTES) > 30
