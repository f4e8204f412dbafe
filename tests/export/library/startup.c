/* Starts a program of the C library on an emulated core: its streams and files are the host's, through semihosting. */
#include <stddef.h>
#include <stdint.h>

extern uint32_t stack_top;
extern void _start(void);

/* The C library would ask the emulator where there is room, which some boards do not answer. */
void *_sbrk(ptrdiff_t increment) {
  static char heap[1 << 15];
  static ptrdiff_t used;
  const ptrdiff_t before = used;
  if (increment > (ptrdiff_t)sizeof heap - used) {
    return (void *)-1;
  }
  used += increment;
  return heap + before;
}

static void reset(void) {
#ifdef __ARM_FP
  *(volatile uint32_t *)0xe000ed88 |= 0xf << 20; /* CPACR: the FPU is off after reset */
  __asm volatile("dsb\n\tisb" ::: "memory");
#endif
  _start();
}

__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  void (*reset)(void);
  void *others[14];
} vectors = {&stack_top, reset, {0}};
