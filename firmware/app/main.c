#include "board.h"
#include "engine.h"
#include "server.h"

static clock_time_t clock_time;
static server_t server;
static protocol_t parser;
static uint8_t frame[SERVER_FRAME_BYTES];
static int pending = -1; /* a byte that interrupted an inference */

static int next_byte(void) {
  const int byte = pending >= 0 ? pending : board_read();
  pending = -1;
  return byte;
}

static bool byte_waits(void) {
  if (pending < 0) {
    pending = board_read();
  }
  return pending >= 0;
}

/* Answers the next command if all of it is there; false when no byte waits. */
static bool serve(void) {
  for (int i = 0; i < BOARD_RX_BYTES; i++) {
    protocol_command_t command;
    const int byte = next_byte();
    if (byte < 0) {
      return i > 0;
    }
    if (protocol_byte(&parser, (uint8_t)byte, &command)) {
      server_handle(&server, &command);
      break;
    }
  }
  return true;
}

/* The line is slower than the core, which waits for it: that time is nobody's work. */
static void write_out(const void *bytes, size_t count) {
  const uint32_t before = board_ticks();
  board_write(bytes, count);
  server.idle += board_ticks() - before;
}

int main(void) {
  board_init();
  clock_time.last = board_ticks();
  server_init(&server, write_out, &clock_time, byte_waits);
  protocol_init(&parser, frame, sizeof frame);
  server_banner(&server, engine_init());
  for (;;) {
    board_watchdog_feed();
    clock_update(&clock_time);
    const bool served = serve();
    if (!server_listen(&server) && !served) {
      server.idle += board_idle();
    }
  }
}
