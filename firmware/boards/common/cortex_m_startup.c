/* Reset, memory initialisation, stack painting: the same on every Cortex-M. */
#include "board.h"
#include "cortex_m.h"

extern uint32_t __data_load, __data_start, __data_end, __bss_start, __bss_end;
extern uint32_t __stack_bottom, __stack_top;
extern void (*__init_array_start[])(void), (*__init_array_end[])(void);

int main(void);

extern const void *const cortex_m_vectors[16];

#define PAINT 0x57ACC0DEu

static void unexpected(void) {
  for (;;) { /* the watchdog resets the board */
  }
}

void NMI_Handler(void) __attribute__((weak, alias("unexpected")));
void SVC_Handler(void) __attribute__((weak, alias("unexpected")));
void PendSV_Handler(void) __attribute__((weak, alias("unexpected")));
void SysTick_Handler(void) __attribute__((weak, alias("unexpected")));

__attribute__((used, noreturn)) void cortex_m_start(void);
void cortex_m_start(void) {
#ifndef __ARM_ARCH_6M__ /* which need not have a VTOR */
  SCB_VTOR = (uint32_t)cortex_m_vectors;
  SCB_SHCSR |= 0xFu << 16; /* faults of their own: one while registers go onto a full stack can then still escalate */
#endif
  const uint32_t *from = &__data_load;
  for (uint32_t *to = &__data_start; to < &__data_end; to++) {
    *to = *from++;
  }
  for (uint32_t *to = &__bss_start; to < &__bss_end; to++) {
    *to = 0;
  }
  for (void (**constructor)(void) = __init_array_start; constructor < __init_array_end; constructor++) {
    (*constructor)();
  }
  (void)main();
  board_reset();
}

/* Paints the whole stack before the first C function uses it, and enables the floating-point unit, which compiled code
 * may use from its first instruction on. */
__attribute__((naked, noreturn)) void Reset_Handler(void) {
  __asm volatile("cpsid i\n"
                 "ldr r0, =__stack_top\n"
                 "mov sp, r0\n"
                 "ldr r1, =__stack_bottom\n"
                 "ldr r2, =0x57ACC0DE\n"
                 "1: subs r0, #4\n"
                 "str r2, [r0]\n"
                 "cmp r0, r1\n"
                 "bhi 1b\n"
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
                 "ldr r0, =0xE000ED88\n" /* CPACR: CP10 and CP11 */
                 "ldr r1, [r0]\n"
                 "orr r1, r1, #(0xF << 20)\n"
                 "str r1, [r0]\n"
                 "dsb\n"
                 "isb\n"
#endif
                 "cpsie i\n"
                 "ldr r0, =cortex_m_start\n"
                 "bx r0\n"
                 ".ltorg\n");
}

__attribute__((section(".vectors"), used)) const void *const cortex_m_vectors[16] = {
    &__stack_top,
    Reset_Handler,
    NMI_Handler,
    HardFault_Handler,
    HardFault_Handler, /* MemManage */
    HardFault_Handler, /* BusFault */
    HardFault_Handler, /* UsageFault */
    HardFault_Handler, /* SecureFault of Armv8-M */
    0,
    0,
    0,
    SVC_Handler,
    unexpected,
    0,
    PendSV_Handler,
    SysTick_Handler,
};

board_stack_t board_stack(void) {
  const uint32_t *word = &__stack_bottom;
  while (word < &__stack_top && *word == PAINT) {
    word++;
  }
  return (board_stack_t){(uint32_t)(&__stack_top - &__stack_bottom) * 4u, (uint32_t)(&__stack_top - word) * 4u};
}

uint32_t cortex_m_reset_mark __attribute__((section(".noinit")));

void board_reset(void) {
  cortex_m_reset_mark = CORTEX_M_SOFTWARE_RESET;
  __asm volatile("dsb");
  SCB_AIRCR = 0x05FA0004u; /* SYSRESETREQ */
  for (;;) {
  }
}
