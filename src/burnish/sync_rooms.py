"""Rooms of the sync face that most commands never enter, loaded when they are."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.analytics.runs import AsyncRuns
from burnish.library.packs import AsyncPacks
from burnish.library.starter import AsyncStarter
from burnish.models.catalogue import AsyncModels
from burnish.platform.upkeep import AsyncDb


class Runs(SyncFace[AsyncRuns]):
    """`platform.runs` of the sync face."""

    page = blocking(AsyncRuns.page)
    get = blocking(AsyncRuns.get)
    count = blocking(AsyncRuns.count)
    export = blocking(AsyncRuns.export)
    import_ = blocking(AsyncRuns.import_)
    forget = blocking(AsyncRuns.forget)


class Models(SyncFace[AsyncModels]):
    """`platform.models` of the sync face."""

    providers = blocking(AsyncModels.providers)
    list = blocking(AsyncModels.list)
    check = blocking(AsyncModels.check)
    pull = blocking(AsyncModels.pull)


class Starter(SyncFace[AsyncStarter]):
    """`platform.starter` of the sync face."""

    list = blocking(AsyncStarter.list)
    show = blocking(AsyncStarter.show)
    install = blocking(AsyncStarter.install)


class Db(SyncFace[AsyncDb]):
    """`platform.db` of the sync face."""

    migrate = blocking(AsyncDb.migrate)
    backup = blocking(AsyncDb.backup)
    vacuum = blocking(AsyncDb.vacuum)


class Packs(SyncFace[AsyncPacks]):
    """`platform.packs` of the sync face."""

    build = blocking(AsyncPacks.build)
    keygen = blocking(AsyncPacks.keygen)
    preview = blocking(AsyncPacks.preview)
    install = blocking(AsyncPacks.install)
    list = blocking(AsyncPacks.list)
    show = blocking(AsyncPacks.show)
    verify = blocking(AsyncPacks.verify)
    update = blocking(AsyncPacks.update)
    uninstall = blocking(AsyncPacks.uninstall)
