"""`/metrics` for Prometheus: requests, commands, refusals and streams of this process, and the process itself.

Says nothing about any account.
"""

from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from reelbot.web.context import Site
from reelbot.web.counts import SECONDS_UP_TO, Durations
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import SECURITY, Reply

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def tell_metrics(call: Call) -> Reply:
    """Tell all counts in the text format."""
    fields = ((b"content-type", CONTENT_TYPE.encode()), (b"cache-control", b"no-store"), *SECURITY)
    return Reply(OK, fields, generate_latest(_registry(call.site)))


@lru_cache(maxsize=1)
def _registry(site: Site) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_SiteCollector(site))
    ProcessCollector(registry=registry)
    return registry


class _SiteCollector(Collector):
    """Words the counts of a site when they are asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterable[Metric]:
        """All metrics of the site."""
        yield self._requests()
        yield self._durations()
        yield self._commands()
        yield self._problems()
        yield GaugeMetricFamily("reelbot_streams_open", "Event streams that are open.", len(self._site.streams))
        info = GaugeMetricFamily("reelbot_info", "The version that runs.", labels=["version"])
        info.add_metric([self._site.version], 1)
        yield info

    def _requests(self) -> Metric:
        family = CounterMetricFamily("reelbot_http_requests", "Requests answered.", labels=["operation", "status"])
        for (operation, status), count in self._site.counts.requests.items():
            family.add_metric([operation, str(status)], count)
        return family

    def _durations(self) -> Metric:
        name, told = "reelbot_http_request_seconds", "Time until a request was answered."
        family = HistogramMetricFamily(name, told, labels=["operation"])
        for operation, durations in self._site.counts.durations.items():
            family.add_metric([operation], _buckets(durations), durations.seconds)
        return family

    def _commands(self) -> Metric:
        told = "Commands that the ledger accepted, now or before."
        family = CounterMetricFamily("reelbot_ledger_commands", told, labels=["kind", "outcome"])
        for (kind, replayed), count in self._site.counts.commands.items():
            family.add_metric([kind, "replayed" if replayed else "accepted"], count)
        return family

    def _problems(self) -> Metric:
        family = CounterMetricFamily("reelbot_problems", "Refusals and errors by their code.", labels=["code"])
        for code, count in self._site.counts.problems.items():
            family.add_metric([code], count)
        return family


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Counts up to each bound, as the format has them."""
    bounds = [*(str(bound) for bound in SECONDS_UP_TO), "+Inf"]
    total, told = 0, []
    for bound, count in zip(bounds, durations.buckets, strict=True):
        total += count
        told.append((bound, float(total)))
    return told
