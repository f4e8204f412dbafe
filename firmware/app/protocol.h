/* Bytes in, commands out. Pure: no globals, no input or output, no allocation, bounded work per byte.
 *
 * A command is text that ends in '%', or a frame: '!', bytes, '%'. The frame's bytes hold no '%': they are coded as
 * Consistent Overhead Byte Stuffing does (Cheshire and Baker, 1997), and then XORed with '%'. Decoded, they are a kind,
 * the data, and the CRC-32 of both, little-endian. Losing a byte of either form costs that one command: the next '%'
 * ends it. */
#ifndef PROTOCOL_H_
#define PROTOCOL_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol_registry.h"

typedef enum {
  PROTOCOL_INVALID,
#define ID(id, ...) PROTOCOL_##id,
  PROTOCOL_COMMANDS(ID) PROTOCOL_FRAMES(ID)
#undef ID
} protocol_id_t;

typedef enum {
  PROTOCOL_OK,
#define ID(id, ...) PROTOCOL_ERROR_##id,
  PROTOCOL_ERRORS(ID)
#undef ID
} protocol_error_t;

/* Pointers stay valid until the next byte goes in. */
typedef struct {
  protocol_id_t id;
  protocol_error_t error;
  uint32_t numbers[PROTOCOL_NUMBERS_MAX];
  uint8_t number_count;
  const uint8_t *data; /* hex digits or a frame's data */
  size_t length;
  const char *text; /* as received, unprintable characters as '?'; empty for a frame */
} protocol_command_t;

typedef struct {
  char text[PROTOCOL_TEXT_MAX + 1];
  uint8_t hex[PROTOCOL_TEXT_MAX / 2];
  uint8_t *frame;
  size_t capacity;
  size_t count; /* bytes of the command so far, capped just above what fits */
  uint8_t mode;
  uint8_t stuff_left; /* bytes until the next stuffed zero */
  bool stuff_zero;    /* whether that is a real zero */
} protocol_t;

/* `frame` receives decoded frames of up to `capacity` bytes, PROTOCOL_FRAME_OVERHEAD included. */
void protocol_init(protocol_t *parser, uint8_t *frame, size_t capacity);

/* Takes one byte; true when it completes a command, which may be PROTOCOL_INVALID. */
bool protocol_byte(protocol_t *parser, uint8_t byte, protocol_command_t *command);

#endif
