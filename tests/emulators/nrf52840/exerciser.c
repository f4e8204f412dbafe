/* Test image: one letter asks for one thing. Runs on every board that has board.h, by the board's own drivers. */
#include <string.h>

#include "board.h"
#include "microphone.h"

static void put(const char *text) {
  size_t length = 0;
  while (text[length]) {
    length++;
  }
  board_write(text, length);
}

static void put_hex(uint32_t value) {
  char digits[9] = {0};
  for (int i = 0; i < 8; i++) {
    digits[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15u];
  }
  put(digits);
}

static uint8_t wait_byte(void) {
  int byte;
  while ((byte = board_read()) < 0) {
    board_watchdog_feed();
    board_idle();
  }
  return (uint8_t)byte;
}

static uint32_t wait_word(void) {
  uint32_t word = 0;
  for (int i = 0; i < 4; i++) {
    word |= (uint32_t)wait_byte() << (8 * i);
  }
  return word;
}

__attribute__((noinline)) static void touch(volatile uint32_t *address) {
  (void)*address; /* fault here */
}

static volatile uint32_t enough = 0xFFFFFFFFu;

__attribute__((noinline)) static uint32_t recurse(uint32_t depth) {
  volatile uint32_t room[16] = {depth};
  return depth == enough ? 0 : recurse(depth + 1u) + room[depth % 16u];
}

/* 3 n instructions, and the call and the return */
__attribute__((noinline, naked)) static void spin(uint32_t n __attribute__((unused))) {
  __asm volatile("1: mov r8, r8\n subs r0, #1\n bne 1b\n bx lr");
}

static void echo(uint32_t count) {
  while (count-- > 0) {
    const uint8_t byte = wait_byte();
    board_write(&byte, 1);
  }
}

static void sink(uint32_t count) {
  uint32_t sum = 0;
  while (count-- > 0) {
    sum = sum * 31u + wait_byte();
  }
  put_hex(sum);
}

#ifdef BOARD_NANO33
/* So many buffers of the microphone, up to 32, each behind the number of samples lost before it, with a pause after
 * each. They are sent at the end: the line is too slow for sound. */
static struct {
  uint32_t lost;
  int16_t pcm[MICROPHONE_SAMPLES];
} kept[32];

static void hear(uint32_t gain, uint32_t count, uint32_t pause) {
  microphone_start(gain);
  for (uint32_t i = 0; i < count;) {
    const int16_t *pcm = microphone_take(&kept[i].lost);
    board_watchdog_feed();
    if (!pcm) {
      board_idle();
      continue;
    }
    memcpy(kept[i++].pcm, pcm, sizeof kept->pcm);
    spin(pause / 3u + 1u);
  }
  microphone_stop();
  board_write(kept, count * sizeof *kept);
}
#endif

int main(void) {
  board_init();
  put("ready ");
  put(board_reset_cause());
  put("\n");
  for (;;) {
    board_watchdog_feed();
    switch (wait_byte()) {
    case 'e':
      echo(wait_word());
      break;
    case 's':
      sink(wait_word());
      break;
    case 'p': {
      uint32_t before = board_ticks();
      spin(1000);
      uint32_t middle = board_ticks();
      spin(2000);
      put_hex(board_ticks() - middle - (middle - before));
      break;
    }
    case 'z': { /* ticks over a sleep that only the timer ends */
      uint32_t before = board_ticks();
      board_idle();
      put_hex(board_ticks() - before);
      break;
    }
#ifdef BOARD_NANO33
    case 'a': {
      const uint32_t gain = wait_word(), count = wait_word();
      hear(gain, count, wait_word());
      break;
    }
#endif
    case 'r':
      touch((volatile uint32_t *)wait_word());
      break;
    case 'w':
      *(volatile uint32_t *)wait_word() = 1;
      break;
    case 'u':
      __asm volatile("udf #0");
      break;
    case 'b':
      __asm volatile("bkpt #0");
      break;
    case 'j':
      ((void (*)(void))(wait_word() | 1u))();
      break;
    case 'o':
      put_hex(recurse(0));
      break;
    case 'h':
      for (;;) {
      }
    case 'q':
      board_reset();
    case 'm': {
      const board_stack_t stack = board_stack();
      put_hex(stack.used);
      break;
    }
    case 'f': {
      const board_fault_t *fault = board_last_fault();
      put_hex(fault ? fault->count : 0);
      put_hex(fault ? fault->pc : 0);
      put_hex(fault ? fault->cfsr : 0);
      put_hex(fault ? fault->address : 0);
      break;
    }
    default:
      break;
    }
    put("\n");
  }
}
