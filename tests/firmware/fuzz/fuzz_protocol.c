/* libFuzzer target: any bytes through the parser, its buffers at their exact size on the heap, so that AddressSanitizer
 * sees the first byte out of bounds. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const protocol_t *parser, const protocol_command_t *command) {
  assert((command->id == PROTOCOL_INVALID) == (command->error != PROTOCOL_OK));
  assert(strlen(command->text) <= PROTOCOL_TEXT_MAX);
  assert(command->number_count <= PROTOCOL_NUMBERS_MAX);
  volatile uint8_t sum = 0;
  for (size_t i = 0; i < command->length; i++) { /* whatever is handed out can be read */
    sum = (uint8_t)(sum + command->data[i]);
  }
  if (command->data == parser->frame + 1) {
    assert(command->length + PROTOCOL_FRAME_OVERHEAD <= parser->capacity);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t capacity = size ? data[0] : 0;
  protocol_t *parser = malloc(sizeof *parser);
  uint8_t *frame = malloc(capacity ? capacity : 1);
  protocol_init(parser, frame, capacity);
  size_t ends = 0;
  size_t commands = 0;
  for (size_t i = 1; i < size; i++) {
    protocol_command_t command;
    ends += data[i] == '%';
    if (protocol_byte(parser, data[i], &command)) {
      commands++;
      check(parser, &command);
    }
  }
  assert(commands == ends);
  /* never deaf: one '%' on, a command is understood */
  static const uint8_t probe[] = "%db load 820%";
  protocol_command_t last = {0};
  for (size_t i = 0; i + 1 < sizeof probe; i++) {
    (void)protocol_byte(parser, probe[i], &last);
  }
  assert(last.id == PROTOCOL_DB_LOAD && last.numbers[0] == 820);
  free(frame);
  free(parser);
  return 0;
}
