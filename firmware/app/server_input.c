#include "handlers.h"

#include <string.h>

#include "dynq_crc32.h"

void server_set_loaded(server_t *server) {
  server->live = false;
  server->expected = 0;
  server->loaded = true;
  server->features_crc = dynq_crc32(0, server->features, KWS_INPUTS);
}

static void loaded(server_t *server) {
  server_set_loaded(server);
  answer_load_done(&server->out);
}

void server_void_input(server_t *server) {
  server->live = false;
  server->expected = 0;
  server->received = 0;
  server->loaded = false;
}

bool server_have_input(server_t *server) {
  if (!server->loaded) {
    server_error(server, server->expected ? PROTOCOL_ERROR_INCOMPLETE : PROTOCOL_ERROR_NO_INPUT);
  }
  return server->loaded;
}

bool server_take_frame(server_t *server) {
  if (server_is_listening(server)) {
    return false;
  }
  server_void_input(server);
  if (server->command->length != KWS_INPUTS) {
    server_error(server, PROTOCOL_ERROR_WRONG_FRAME_SIZE);
    return false;
  }
  memcpy(server->features, server->command->data, KWS_INPUTS);
  return true;
}

void handle_frame_load(server_t *server) {
  if (server_take_frame(server)) {
    loaded(server);
  }
}

void handle_db_load(server_t *server) {
  const uint32_t bytes = server->command->numbers[0];
  if (server_is_listening(server)) {
    return;
  }
  server_void_input(server);
  if (bytes != KWS_INPUTS) {
    server_error_number(server, PROTOCOL_ERROR_WRONG_SIZE, KWS_INPUTS);
    return;
  }
  server->expected = bytes;
  answer_expecting(&server->out, bytes);
}

void handle_db(server_t *server) {
  const size_t length = server->command->length;
  if (server->expected == 0) {
    server_error(server, PROTOCOL_ERROR_NO_DOWNLOAD);
  } else if (length > server->expected - server->received) {
    server_void_input(server);
    server_error(server, PROTOCOL_ERROR_SURPLUS);
  } else {
    memcpy(server->features + server->received, server->command->data, length);
    server->received += (uint32_t)length;
    if (server->received == server->expected) {
      loaded(server);
    }
  }
}

void handle_db_print(server_t *server) {
  for (size_t i = 0; i < KWS_INPUTS; i += PROTOCOL_PRINT_BYTES) {
    const size_t left = KWS_INPUTS - i;
    answer_buffer(&server->out, server->features + i, left < PROTOCOL_PRINT_BYTES ? left : PROTOCOL_PRINT_BYTES);
  }
}

void handle_crc(server_t *server) {
  answer_input_check(&server->out, dynq_crc32(0, server->features, KWS_INPUTS), KWS_INPUTS);
}
