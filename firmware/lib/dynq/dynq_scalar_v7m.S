/* Dot products and codes of the scalar variant on Thumb-2 without DSP instructions: Cortex-M3.
 *
 * Dot products: r0 codes, 16-byte aligned | r1 weights | r2 inputs | r3 tiles that there are | [sp] dots. Return the tiles that they took. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR) && __ARM_ARCH_ISA_THUMB == 2
#include "dynq_function.inc"

#define SAVED 36 /* bytes that the registers take on the stack */

/* ---- 8 bits. One long multiplication serves two columns: u (p_a + 2^24 p_b), all of them bytes. A sum of 256 such products has
 * 24 bits for the first column; then both are taken out.
 * r2 end of the block | r3 | r4, r5 sum of columns 0 and 1 | r6, r7 of 2 and 3 | r8-r11 weights | r12 code | lr mask | [sp] end of
 * the codes */
#define BLOCK_W8 256
.macro COLUMNS_W8 weights
  ldrb r12,[r0],#1
  and r3,lr,\weights
  umlal r4,r5,r3,r12
  and r3,lr,\weights,ror #16
  umlal r6,r7,r3,r12
.endm
.macro INPUT_W8
  ldr r8,[r1],#4
  COLUMNS_W8 r8
.endm
.macro EIGHT_INPUTS_W8
  .rept 2
  ldmia r1!,{r8-r11}
  .irp weights,r8,r9,r10,r11
  COLUMNS_W8 \weights
  .endr
  .endr
.endm
/* What is no multiple of `group` comes first. */
.macro EVERY_INPUT each group together
  b 2f
1:
  \each
2:
  sub r12,r2,r0
  tst r12,#\group-1
  bne 1b
  cmp r12,#0
  beq 4f
3:
  \together
  cmp r0,r2
  bne 3b
4:
.endm

FUNCTION dynq_scalar_dots_w8
  push {r4-r11,lr}
  add r2,r2,r0
  mov lr,#0xff000000
  orr lr,lr,#0xff
  ldr r3,[sp,#SAVED]
  movs r4,#0
  movs r5,#0
  movs r6,#0
  movs r7,#0
  stmia r3,{r4-r7}
  push {r2}
.Lblock_w8:
  ldr r2,[sp]
  add r3,r0,#BLOCK_W8
  cmp r2,r3
  it hi
  movhi r2,r3
  EVERY_INPUT INPUT_W8,8,EIGHT_INPUTS_W8
  ldr r3,[sp,#SAVED+4]
  ldmia r3,{r8-r11}
  bic r2,r4,#0xff000000
  add r8,r8,r2
  add r9,r9,r4,lsr #24
  add r9,r9,r5,lsl #8
  bic r2,r6,#0xff000000
  add r10,r10,r2
  add r11,r11,r6,lsr #24
  add r11,r11,r7,lsl #8
  stmia r3,{r8-r11}
  movs r4,#0
  movs r5,#0
  movs r6,#0
  movs r7,#0
  ldr r2,[sp]
  cmp r0,r2
  bne .Lblock_w8
  movs r0,#1
  pop {r2,r4-r11,pc}
END_FUNCTION dynq_scalar_dots_w8

/* ---- 4 and 2 bits: one multiplication serves two columns, whose sums are the halves of a word. A half starts in its middle and is
 * taken out before it can leave 16 bits: |sum of a block| <= 15 * 127 * 16 < 2^15, and 3 * 127 * 64 < 2^15.
 * r2 end of the codes | r3 that of the block | r4, r5 words of sums | r6 code | r7, r8 weights | r9 two fields | r10 mask |
 * r11, r12, lr, [sp] sums */
#define HALVES 0x80008000
.macro INPUT_IN_PAIRS shift
  ldrsb r6,[r0],#1
  .if \shift
  and r9,r10,r7,lsr #\shift
  mla r4,r9,r6,r4
  and r9,r10,r8,lsr #\shift
  .else
  and r9,r10,r7
  mla r4,r9,r6,r4
  and r9,r10,r8
  .endif
  mla r5,r9,r6,r5
.endm
.macro DOTS_IN_PAIRS name bits inputs block mask
FUNCTION \name
  push {r4-r11,lr}
  add r2,r2,#\inputs-1
  bic r2,r2,#\inputs-1
  add r2,r2,r0
  mov r10,#\mask
  movs r9,#0
  mov r11,r9
  mov r12,r9
  mov lr,r9
  push {r9}
  mov r3,r0
1:
  add r3,r3,#\block
  cmp r3,r2
  it hi
  movhi r3,r2
  mov r4,#HALVES
  mov r5,#HALVES
2:
  ldrd r7,r8,[r1],#8
  .set shift,0
  .rept \inputs
  INPUT_IN_PAIRS shift
  .set shift,shift+\bits
  .endr
  cmp r0,r3
  bne 2b
  eor r4,r4,#HALVES
  eor r5,r5,#HALVES
  sxth r6,r4
  sxth r7,r5
  ldr r9,[sp]
  add r11,r11,r6
  add r12,r12,r4,asr #16
  add lr,lr,r7
  add r9,r9,r5,asr #16
  str r9,[sp]
  cmp r3,r2
  bne 1b
  pop {r9}
  ldr r3,[sp,#SAVED]
  stmia r3!,{r11,r12}
  strd lr,r9,[r3]
  movs r0,#1
  pop {r4-r11,pc}
END_FUNCTION \name
.endm

  DOTS_IN_PAIRS dynq_scalar_dots_w4,4,4,16,0x000f000f
  DOTS_IN_PAIRS dynq_scalar_dots_w2,2,8,64,0x00030003

/* ---- Codes of floats: r0 codes | r1 x | r2 their number, then the end of the codes | r3 rounding, then factor | r4 shift |
 * r5 what is added | r6 bits of the fraction that are clear near a tie | r7 sum | r8 top bit | r9 x | r10 position | r11 exponent */
#define FRACTION 16
#define ERROR 4
.macro CODE
  ldr r9,[r1],#4
  orr r10,r8,r9,lsl #8
  ubfx r11,r9,#23,#8
  umull r12,r10,r10,r3
  sub r11,r4,r11
  lsr r10,r10,r11
  eor r10,r10,r9,asr #31
  add r10,r10,r5
  tst r10,r6
  beq 91f
81:
  asr r10,r10,#FRACTION
  strb r10,[r0],#1
  add r7,r7,r10
  .subsection 1
91:
  bl .Ltie
  b 81b
  .previous
.endm

.macro EIGHT_CODES
  .rept 8
  CODE
  .endr
.endm

FUNCTION dynq_scalar_codes
  push {r3-r11,lr}
  ldm r3,{r3,r4,r5}
  movw r6,#(1<<FRACTION)-2*ERROR
  movs r7,#0
  mov r8,#0x80000000
  add r2,r2,r0
  EVERY_INPUT CODE,8,EIGHT_CODES
  mov r0,r7
  pop {r3-r11,pc}
.Ltie:
  push {r0-r3,r12,lr}
  mov r0,r9
  ldr r1,[sp,#24]
  bl dynq_scalar_exact_code
  lsl r10,r0,#FRACTION
  pop {r0-r3,r12,pc}
END_FUNCTION dynq_scalar_codes
#endif
