#include "protocol.h"

#include <string.h>

#include "dynq_crc32.h"

enum { MODE_TEXT, MODE_FRAME, MODE_BROKEN_FRAME };
enum { END = '%', FRAME_START = '!' };

typedef enum { ARGUMENTS_none, ARGUMENTS_numbers, ARGUMENTS_hex } arguments_t;

typedef struct {
  const char *syntax;
  protocol_id_t id;
  arguments_t arguments;
  uint8_t least;
  uint8_t most;
} entry_t;

static const entry_t entries[] = {
#define ENTRY(id, handler, syntax, arguments, least, most, usage)                                                      \
  {syntax, PROTOCOL_##id, ARGUMENTS_##arguments, least, most},
    PROTOCOL_COMMANDS(ENTRY)
#undef ENTRY
};

static const struct {
  protocol_id_t id;
  char kind;
} frames[] = {
#define ENTRY(id, handler, kind) {PROTOCOL_##id, kind},
    PROTOCOL_FRAMES(ENTRY)
#undef ENTRY
};

static void restart(protocol_t *parser) {
  parser->mode = MODE_TEXT;
  parser->count = 0;
  parser->stuff_left = 0;
  parser->stuff_zero = false;
}

void protocol_init(protocol_t *parser, uint8_t *frame, size_t capacity) {
  memset(parser, 0, sizeof *parser);
  parser->frame = frame;
  parser->capacity = capacity;
  restart(parser);
}

/* Unstuffs one byte, which is never zero. */
static void frame_byte(protocol_t *parser, uint8_t byte) {
  if (parser->stuff_left > 0) {
    parser->stuff_left--;
  } else { /* a length: the next zero lies that many bytes ahead, unless it is 255, which stands for 254 bytes and no
              zero */
    const bool zero = parser->stuff_zero;
    parser->stuff_left = (uint8_t)(byte - 1u);
    parser->stuff_zero = byte != 0xFFu;
    if (!zero) {
      return;
    }
    byte = 0;
  }
  if (parser->count == parser->capacity) {
    parser->mode = MODE_BROKEN_FRAME;
    return;
  }
  parser->frame[parser->count++] = byte;
}

static protocol_error_t finish_frame(protocol_t *parser, protocol_command_t *command) {
  if (parser->mode == MODE_BROKEN_FRAME || parser->stuff_left != 0 || parser->count < PROTOCOL_FRAME_OVERHEAD) {
    return PROTOCOL_ERROR_BAD_FRAME;
  }
  const size_t checked = parser->count - 4u;
  const uint8_t *tail = parser->frame + checked;
  const uint32_t sent = tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 | (uint32_t)tail[3] << 24;
  if (dynq_crc32(0, parser->frame, checked) != sent) {
    return PROTOCOL_ERROR_BAD_FRAME;
  }
  for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
    if (parser->frame[0] == frames[i].kind) {
      command->id = frames[i].id;
      command->data = parser->frame + 1;
      command->length = checked - 1u;
      return PROTOCOL_OK;
    }
  }
  return PROTOCOL_ERROR_UNKNOWN_FRAME;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static protocol_error_t parse_hex(protocol_t *parser, const char *text, protocol_command_t *command) {
  const size_t digits = strlen(text);
  if (digits == 0 || digits % 2 != 0) {
    return PROTOCOL_ERROR_BAD_HEX;
  }
  for (size_t i = 0; i < digits; i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      return PROTOCOL_ERROR_BAD_HEX;
    }
    parser->hex[i / 2] = (uint8_t)(high << 4 | low);
  }
  command->data = parser->hex;
  command->length = digits / 2;
  return PROTOCOL_OK;
}

/* Decimal numbers behind single spaces. */
static protocol_error_t parse_numbers(const char *text, const entry_t *entry, protocol_command_t *command) {
  while (*text) {
    uint32_t value = 0;
    const char *start = text;
    for (; *text >= '0' && *text <= '9'; text++) {
      const uint32_t digit = (uint32_t)(*text - '0');
      if (value > (UINT32_MAX - digit) / 10u) {
        return PROTOCOL_ERROR_BAD_NUMBER;
      }
      value = value * 10u + digit;
    }
    if (text == start || command->number_count == entry->most) {
      return PROTOCOL_ERROR_BAD_NUMBER;
    }
    command->numbers[command->number_count++] = value;
    if (*text == ' ' && text[1]) {
      text++;
    } else if (*text) {
      return PROTOCOL_ERROR_BAD_NUMBER;
    }
  }
  return command->number_count < entry->least ? PROTOCOL_ERROR_BAD_NUMBER : PROTOCOL_OK;
}

static protocol_error_t finish_text(protocol_t *parser, protocol_command_t *command) {
  if (parser->count == 0) {
    return PROTOCOL_ERROR_EMPTY;
  }
  if (parser->count > PROTOCOL_TEXT_MAX) {
    return PROTOCOL_ERROR_TOO_LONG;
  }
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    const entry_t *entry = &entries[i];
    const size_t length = strlen(entry->syntax);
    const char end = strncmp(parser->text, entry->syntax, length) ? 'x' : parser->text[length];
    if (end != '\0' && (end != ' ' || entry->arguments == ARGUMENTS_none)) {
      continue;
    }
    const char *rest = parser->text + length + (end == ' ');
    command->id = entry->id;
    switch (entry->arguments) {
    case ARGUMENTS_numbers:
      return parse_numbers(rest, entry, command);
    case ARGUMENTS_hex:
      return parse_hex(parser, rest, command);
    default:
      return PROTOCOL_OK;
    }
  }
  return PROTOCOL_ERROR_UNKNOWN;
}

bool protocol_byte(protocol_t *parser, uint8_t byte, protocol_command_t *command) {
  if (byte != END) {
    if (parser->mode == MODE_FRAME) {
      frame_byte(parser, byte ^ (uint8_t)END);
    } else if (parser->mode == MODE_TEXT) {
      if (parser->count == 0 && byte == FRAME_START) {
        parser->mode = MODE_FRAME;
      } else if (byte == '\r' || byte == '\n') { /* a person at a terminal */
      } else if (parser->count < PROTOCOL_TEXT_MAX) {
        parser->text[parser->count++] = byte >= ' ' && byte < 0x7F ? (char)byte : '?';
      } else {
        parser->count = PROTOCOL_TEXT_MAX + 1u;
      }
    }
    return false;
  }
  const bool text = parser->mode == MODE_TEXT;
  parser->text[text && parser->count <= PROTOCOL_TEXT_MAX ? parser->count : 0] = '\0';
  *command = (protocol_command_t){.text = parser->text};
  command->error = text ? finish_text(parser, command) : finish_frame(parser, command);
  if (command->error != PROTOCOL_OK) {
    command->id = PROTOCOL_INVALID;
  }
  restart(parser);
  return true;
}
