/* Where Arm's MPS2 and MPS3 FPGA images put what we use. All run on QEMU. */
#ifndef MPS2_H_
#define MPS2_H_

#if defined(BOARD_MPS2_AN385)
#define MPS2_NAME "mps2_an385"
#elif defined(BOARD_MPS2_AN386)
#define MPS2_NAME "mps2_an386"
#elif defined(BOARD_MPS2_AN500)
#define MPS2_NAME "mps2_an500"
#elif defined(BOARD_MPS2_AN505)
#define MPS2_NAME "mps2_an505"
#elif defined(BOARD_MPS3_AN547)
#define MPS2_NAME "mps3_an547"
#else
#error "unknown MPS2 image"
#endif

#if defined(BOARD_MPS2_AN505)
#define MPS2_CLOCK_HZ 20000000u
#define MPS2_UART 0x50200000u
#define MPS2_UART_RX_IRQ 32u
#define MPS2_TIMER 0x50000000u
#define MPS2_WATCHDOG 0x50081000u
#elif defined(BOARD_MPS3_AN547)
#define MPS2_CLOCK_HZ 32000000u
#define MPS2_UART 0x59303000u
#define MPS2_UART_RX_IRQ 33u
#else
#define MPS2_CLOCK_HZ 25000000u
#define MPS2_UART 0x40004000u
#define MPS2_UART_RX_IRQ 0u
#define MPS2_TIMER 0x40000000u
#define MPS2_WATCHDOG 0x40008000u
#endif

#endif
