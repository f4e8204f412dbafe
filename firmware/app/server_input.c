#include "handlers.h"

#include <string.h>

#include "dynq_crc32.h"

enum { PRINT_BYTES = 8 };

void server_set_loaded(server_t *server) {
  server->expected = 0;
  server->loaded = true;
  server->features_crc = dynq_crc32(0, server->features, KWS_INPUTS);
}

static void loaded(server_t *server) {
  server_set_loaded(server);
  output_line(&server->out, "m-load-done");
}

static void void_input(server_t *server) {
  server->expected = 0;
  server->received = 0;
  server->loaded = false;
}

bool server_have_input(server_t *server) {
  if (!server->loaded) {
    server_error(server, server->expected ? "Download not complete" : "No input: download one first");
  }
  return server->loaded;
}

bool server_take_frame(server_t *server) {
  void_input(server);
  if (server->command->length != KWS_INPUTS) {
    server_error(server, "Frame of another length than the model takes");
    return false;
  }
  memcpy(server->features, server->command->data, KWS_INPUTS);
  return true;
}

void handle_load_frame(server_t *server) {
  if (server_take_frame(server)) {
    loaded(server);
  }
}

void handle_db_load(server_t *server) {
  const uint32_t bytes = server->command->numbers[0];
  void_input(server);
  if (bytes != KWS_INPUTS) {
    output_text_number(&server->out, "e-[The model takes ", KWS_INPUTS);
    output_line(&server->out, " bytes]");
    return;
  }
  server->expected = bytes;
  output_text_number(&server->out, "m-[Expecting ", bytes);
  output_line(&server->out, " bytes]");
}

void handle_db(server_t *server) {
  const size_t length = server->command->length;
  if (server->expected == 0) {
    server_error(server, "No download in progress: db load N first");
  } else if (length > server->expected - server->received) {
    void_input(server);
    server_error(server, "More bytes than announced: download again");
  } else {
    memcpy(server->features + server->received, server->command->data, length);
    server->received += (uint32_t)length;
    if (server->received == server->expected) {
      loaded(server);
    }
  }
}

void handle_db_print(server_t *server) {
  for (uint32_t i = 0; i < KWS_INPUTS; i += PRINT_BYTES) {
    output_text(&server->out, "m-buffer");
    for (uint32_t k = i; k < KWS_INPUTS && k < i + PRINT_BYTES; k++) {
      output_text(&server->out, "-");
      output_hex(&server->out, (uint8_t)server->features[k], 2);
    }
    output_end(&server->out);
  }
}

void handle_crc(server_t *server) {
  output_text_hex(&server->out, "m-crc-[", dynq_crc32(0, server->features, KWS_INPUTS));
  output_text_number(&server->out, ",", KWS_INPUTS);
  output_text(&server->out, "]");
  output_end_checked(&server->out);
}
