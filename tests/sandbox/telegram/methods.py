"""The Bot API methods by name, and how one is carried out."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from tests.sandbox.faults import Fault, FaultBoard
from tests.sandbox.telegram import invites, members, messages, webhooks
from tests.sandbox.telegram.errors import ApiError, bad_request, too_many_requests
from tests.sandbox.telegram.params import Params
from tests.sandbox.telegram.rendering import user_by_id
from tests.sandbox.telegram.world import World

MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256
Method = Callable[[World, Params], Any]


def get_me(world: World, _params: Params) -> Any:
    """Who the bot is (getMe)."""
    flags = {"can_join_groups": True, "can_read_all_group_messages": False}
    more = {"supports_inline_queries": False, "can_connect_to_business": False}
    return user_by_id(world, world.bot_id) | flags | more | {"has_main_web_app": False}


def unknown_method(_world: World, _params: Params) -> Any:
    """What any other name is answered with."""
    raise ApiError(404, "Not Found: method not found")


def _commands_key(params: Params) -> str:
    scope = params.json("scope") or {"type": "default"}
    return f"{json.dumps(scope, sort_keys=True)} {params.text('language_code')}"


def _check_command(command: Any) -> dict[str, str]:
    name = str(command.get("command", "")).removeprefix("/")
    description = str(command.get("description", ""))
    if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= LONGEST_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def set_commands(world: World, params: Params) -> Any:
    """Set the commands of one scope and language (setMyCommands)."""
    wanted = params.json("commands")
    if not isinstance(wanted, list) or len(wanted) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    checked = [_check_command(command) for command in wanted]
    world.settings.commands[_commands_key(params)] = checked
    return True


def get_commands(world: World, params: Params) -> Any:
    """The commands of one scope and language (getMyCommands)."""
    return world.settings.commands.get(_commands_key(params), [])


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "setWebhook": webhooks.set_webhook,
    "deleteWebhook": webhooks.delete_webhook,
    "getWebhookInfo": webhooks.webhook_info,
    "getUpdates": webhooks.get_updates,
    "sendMessage": messages.send_message,
    "editMessageText": messages.edit_text,
    "editMessageReplyMarkup": messages.edit_markup,
    "deleteMessage": messages.delete_message,
    "answerCallbackQuery": messages.answer_query,
    "getChat": members.get_chat,
    "getChatMember": members.get_member,
    "getChatAdministrators": members.get_administrators,
    "getChatMemberCount": members.get_member_count,
    "banChatMember": members.ban,
    "unbanChatMember": members.unban,
    "createChatInviteLink": invites.create_link,
    "editChatInviteLink": invites.edit_link,
    "revokeChatInviteLink": invites.revoke_link,
    "exportChatInviteLink": invites.export_link,
    "approveChatJoinRequest": invites.approve_request,
    "declineChatJoinRequest": invites.decline_request,
}
# The Bot API does not care about the case of a method's name.
BY_LOWER_NAME = {name.lower(): name for name in METHODS}


def canonical(name: str) -> str:
    """The method's name as documented; an unknown one as it is."""
    return BY_LOWER_NAME.get(name.lower(), name)


def execute(
    world: World, board: FaultBoard, method: str, params: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Carry out one call; its HTTP status and answer."""
    try:
        _apply_custom_faults(world, board, method)
        result = METHODS.get(method, unknown_method)(world, Params(params))
    except ApiError as error:
        return error.code, error.body()
    return 200, {"ok": True, "result": result}


def _apply_custom_faults(world: World, board: FaultBoard, method: str) -> None:
    flood = board.strike(method, custom="flood")
    if flood is not None:
        world.settings.flood_until = world.time() + flood.values["retry_after"]
    wait = math.ceil(world.settings.flood_until - world.time())
    if wait > 0:
        raise too_many_requests(wait)
    fault = board.strike(method, custom="api_error")
    if fault is not None:
        raise _ordered_error(fault)


def _ordered_error(fault: Fault) -> ApiError:
    names = ("retry_after", "migrate_to_chat_id")
    parameters = {name: fault.values[name] for name in names if name in fault.values}
    code = fault.values["error_code"]
    if code == 429 and "description" not in fault.values:
        return too_many_requests(parameters["retry_after"])
    return ApiError(code, fault.values["description"], parameters)
