/* The firmware as a Linux program: the serial line is standard input and output, a tick is a microsecond. */
#define _GNU_SOURCE
#include "board.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

const board_info_t board_info = {"host", 1000000u};

static uint8_t buffer[4096];
static ssize_t filled;
static ssize_t taken;

void board_init(void) {}

/* True when the line has something to read; waits up to `timeout_ms`. */
static int readable(int timeout_ms) {
  struct pollfd line = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&line, 1, timeout_ms) > 0;
}

int board_read(void) {
  if (taken == filled) {
    if (!readable(0)) {
      return -1;
    }
    filled = read(STDIN_FILENO, buffer, sizeof buffer);
    taken = 0;
    if (filled <= 0) {
      exit(EXIT_SUCCESS); /* the other end hung up */
    }
  }
  return buffer[taken++];
}

void board_write(const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  while (count > 0) {
    const ssize_t sent = write(STDOUT_FILENO, next, count);
    if (sent < 0 && errno != EINTR) {
      exit(EXIT_SUCCESS);
    }
    if (sent > 0) {
      next += sent;
      count -= (size_t)sent;
    }
  }
}

uint32_t board_ticks(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

uint32_t board_idle(void) {
  const uint32_t before = board_ticks();
  (void)readable(500);
  return board_ticks() - before;
}

void board_led(bool on) {
  (void)on;
}

void board_watchdog_feed(void) {}

void board_reset(void) {
  execl("/proc/self/exe", "firmware", (char *)NULL);
  _exit(EXIT_FAILURE);
}

const char *board_reset_cause(void) {
  return "unknown";
}

board_stack_t board_stack(void) {
  return (board_stack_t){0, 0};
}

const board_fault_t *board_last_fault(void) {
  return NULL;
}

void board_clear_fault(void) {}
