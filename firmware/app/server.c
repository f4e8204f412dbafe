#include "server.h"

#include <string.h>

#include "dynq_crc32.h"
#include "handlers.h"
#include "version.h"

void server_error(server_t *server, const char *message) {
  output_text(&server->out, "e-[");
  output_text(&server->out, message);
  output_line(&server->out, "]");
}

void server_init(server_t *server, output_write_t write, clock_time_t *clock, bool (*interrupted)(void)) {
  memset(server, 0, sizeof *server);
  output_init(&server->out, write);
  server->clock = clock;
  server->interrupted = interrupted;
  stream_start(&server->stream);
  server->build_crc = dynq_crc32(0, KWS_BUILD_HASH, strlen(KWS_BUILD_HASH));
}

void server_banner(server_t *server) {
  output_line(&server->out, "m-timestamp-mode-performance");
  server_say_lap(server);
  output_line(&server->out, "m-init-done");
  output_line(&server->out, "m-ready");
}

static void handle_invalid(server_t *server) {
  static const char *const messages[] = {
      [PROTOCOL_EMPTY] = "Empty command",     [PROTOCOL_TOO_LONG] = "Command too long",
      [PROTOCOL_BAD_NUMBER] = "Bad number",   [PROTOCOL_BAD_HEX] = "Bad or odd hex digits",
      [PROTOCOL_BAD_FRAME] = "Damaged frame",
  };
  if (server->command->error == PROTOCOL_UNKNOWN) {
    output_text(&server->out, "e-[Unknown command: ");
    output_text(&server->out, server->command->text);
    output_line(&server->out, "]");
  } else {
    server_error(server, messages[server->command->error]);
  }
}

static void handle_frame(server_t *server) {
  switch (server->command->kind) {
  case 'L':
    handle_load_frame(server);
    break;
  case 'R':
    handle_run_frame(server);
    break;
  case 'P':
    handle_pcm_frame(server);
    break;
  default:
    server_error(server, "Unknown frame");
  }
}

void server_handle(server_t *server, const protocol_command_t *command) {
  static void (*const handlers[])(server_t *) = {
#define PROTOCOL_COMMAND(id, handler, syntax, arguments, least, most, usage) [PROTOCOL_##id] = handle_##handler,
#include "protocol_commands.h"
#undef PROTOCOL_COMMAND
      [PROTOCOL_FRAME] = handle_frame,
      [PROTOCOL_INVALID] = handle_invalid,
  };
  server->command = command;
  handlers[command->id](server);
  server->command = NULL; /* its text and data are gone with the next byte */
  output_line(&server->out, "m-ready");
}
