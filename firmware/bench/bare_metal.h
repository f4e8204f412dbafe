/* What an image needs that runs alone on an emulated core: files and an end through semihosting, the marks that the
 * emulator's counting plugin looks for, and start-up. Included by the one source with main(). */
#ifndef BARE_METAL_H_
#define BARE_METAL_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int main(void);

/* ---- semihosting */
enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_EXIT_EXTENDED = 0x20 };

static intptr_t semihost(uint32_t operation, const void *arguments) {
  register uintptr_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (intptr_t)r0;
}

static void __attribute__((noreturn)) leave(uintptr_t code) {
  const uintptr_t arguments[2] = {0x20026, code}; /* ADP_Stopped_ApplicationExit */
  for (;;) {
    semihost(SYS_EXIT_EXTENDED, arguments);
  }
}

static void put(intptr_t file, const void *bytes, size_t count) {
  const uintptr_t arguments[3] = {(uintptr_t)file, (uintptr_t)bytes, count};
  if (semihost(SYS_WRITE, arguments) != 0) {
    leave(3);
  }
}

/* ---- what is measured: the emulator's plugin counts from the first mark to the second */
__attribute__((noinline, used)) void bench_begin(void) {
  __asm volatile("" ::: "memory");
}

__attribute__((noinline, used)) void bench_end(void) {
  __asm volatile("" ::: "memory");
}

/* ---- start-up */
static void fault(void) {
  leave(5);
}

extern uint32_t stack_top;
extern uint8_t data_load[], data_start[], data_end[];

void start(void);
__attribute__((noreturn, used)) void start(void) {
  memcpy(data_start, data_load, (size_t)(data_end - data_start)); /* the emulator has cleared the rest */
  (void)main();
  leave(0);
}

__attribute__((naked, noreturn)) void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  __asm volatile("ldr r0, =0xe000ed88\n" /* CPACR: full access to the FPU */
                 "ldr r1, [r0]\n"
                 "orr r1, r1, #0xf00000\n"
                 "str r1, [r0]\n"
                 "dsb\n"
                 "isb\n");
#endif
  __asm volatile("ldr r0, =start\n"
                 "bx r0\n"
                 ".ltorg\n");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault,
};

#endif
