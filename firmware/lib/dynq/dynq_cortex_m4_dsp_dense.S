/* Dense layers on cortex_m4_dsp. docs/kernels.md explains the packings with pictures.
 *
 * A 16-bit lane of a weight word holds the codes of several columns for one input, lowest column in the lowest bits and the
 * highest one stored signed. SMLAD of the word, and of the word less its highest fields, with the same input pair gives
 * nested sums
 *     s3 = F0 + 16 F1 + 256 F2 + 4096 F3,   s2 = F0 + 16 F1 + 256 F2,   s1 = F0 + 16 F1,   s0 = F0
 * whose differences are the columns' dot products, exactly: a difference below 2^31 survives arithmetic modulo 2^32. So the
 * masks nest, are taken in place, and need no register; one input word serves all columns. Fields stored unsigned lack
 * -2^(b-1) times the code sum: the sums start with that.
 *
 * Core registers of all column kernels:
 *   r0-r3 input pairs | r4-r7 sums of the tile's columns | r8-r11 weights | r12 codes | lr weights pointer
 * FPU registers are the spill area: s0-s15 the job, s16, s17 sums of finished sections while a tile is summed. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_extreme.inc"
#include "dynq_function.inc"

#define UNIT s0
#define BLOCK_STEPS s1 /* 2 bits */
#define COLUMNS_AND_OUTPUT s2,s3
#define ZERO_AND_CODE_SUM s4,s5
#define END_AND_HIGH s6,s7
#define END s6
#define HIGH s7
#define START s8,s9
#define START_ABOVE s10,s11
#define CODES_AND_ENTRY s12,s13
#define ENTRY s13
#define SECTION s14
#define JOB_WEIGHTS 60
#define JOB_SECTION 64
#define JOB_END 68
#define JOB_SECTION_BYTES 72
#define JOB_STEPS 76
#define JOB_REST_OUTPUT 80
#define JOB_OUTPUT_END 84
#define JOB_HIGH 88
#define JOB_REST 92
#define UNROLLED_STEPS 8

/* Loads the job; `skip` steps of `bytes` after `first` is where a tile enters, by way of `again` where there are several
 * sections: then SECTION is odd. `steps`: a register that keeps where the steps are entered. */
.macro ENTER first bytes again steps
  push {r0,r4-r11,lr}
  vpush {s16-s31}
  vldmia r0,{s0-s14}
  ldr lr,[r0,#JOB_WEIGHTS]
  vmov r2,r3,s13,s14
  movs r1,#\bytes
  adr r4,\first+1 /* Thumb */
  mla r1,r1,r2,r4
  .ifnb \steps
  vmov \steps,r1
  .endif
  lsls r3,r3,#31
  beq 1f
  str r1,[r0,#JOB_STEPS]
  adr r1,\again
  orr r1,r1,#1
1:
  vmov ENTRY,r1
.endm

/* At the end of a section that is not the only one: to the next, or after the last one on to the totals. r0 SECTION | r2, r3
 * free */
.macro NEXT_SECTION last
  ldr r2,[sp,#64]
  ldr r3,[r2,#JOB_END]
  cmp r12,r3
  beq \last
  ldr r3,[r2,#JOB_SECTION_BYTES]
  add r0,r0,r3
  vmov SECTION,r0
.endm
.macro LAST_SECTION totals
  ldr r3,[r2,#JOB_SECTION]
  vmov SECTION,r3
  b \totals
.endm
.macro CLEAR_FINISHED
  movs r0,#0
  vmov s16,s17,r0,r0
  ldr r0,[sp,#64]
  ldr r0,[r0,#JOB_STEPS]
  bx r0
.endm

.macro NEXT_TILE
  vmov r4,r5,START
  vmov r6,r7,START_ABOVE
  vmov r12,r0,CODES_AND_ENTRY
  bx r0
.endm

/* From the dot products in r4-r7 to outputs: zero and offset, step and bias, ReLU and range; then the next tile. r0 columns |
 * r1 output | r2 the end of whole tiles' outputs | r3 bits of the largest output so far | r8-r10, r12 free | r11 stays. Without
 * ReLU, r2 is 0 and r3 that end. */
.macro TOTALS
  vmov r0,r1,COLUMNS_AND_OUTPUT
  vmov r2,r3,ZERO_AND_CODE_SUM
  vldmia r0!,{s16-s19}
  ldmia r0!,{r8-r10,r12}
  smlawb r4,r2,r8,r4
  smlawb r5,r2,r9,r5
  smlawb r6,r2,r10,r6
  smlawb r7,r2,r12,r7
  smlawt r4,r3,r8,r4
  smlawt r5,r3,r9,r5
  smlawt r6,r3,r10,r6
  smlawt r7,r3,r12,r7
  vcvtb.f32.f16 s24,s16
  vcvtb.f32.f16 s25,s17
  vcvtb.f32.f16 s26,s18
  vcvtb.f32.f16 s27,s19
  vmov s20,s21,r4,r5
  vmov s22,s23,r6,r7
  vmul.f32 s24,s24,UNIT
  vmul.f32 s25,s25,UNIT
  vmul.f32 s26,s26,UNIT
  vmul.f32 s27,s27,UNIT
  vcvt.f32.s32 s20,s20
  vcvt.f32.s32 s21,s21
  vcvt.f32.s32 s22,s22
  vcvt.f32.s32 s23,s23
  vcvtt.f32.f16 s28,s16
  vcvtt.f32.f16 s29,s17
  vcvtt.f32.f16 s30,s18
  vcvtt.f32.f16 s31,s19
  vmla.f32 s28,s20,s24 /* rounds the product, then the sum: not the fused one */
  vmla.f32 s29,s21,s25
  vmla.f32 s30,s22,s26
  vmla.f32 s31,s23,s27
  vmov r2,r3,END_AND_HIGH
  cbz r2,40f
  vmov r4,r5,s28,s29
  vmov r6,r7,s30,s31
  /* the sign bit masks the value; non-negative floats order as integers */
  .irp y,r4,r5,r6,r7
  bic \y,\y,\y,asr #31
  .endr
  ANY_BEYOND gt,le,r3,HIGH
  stmia r1!,{r4-r7}
  vmov COLUMNS_AND_OUTPUT,r0,r1
  cmp r1,r2
  beq dynq_m4_last
  NEXT_TILE
40:
  vstmia r1!,{s28-s31}
  vmov COLUMNS_AND_OUTPUT,r0,r1
  cmp r1,r3
  beq dynq_m4_last
  NEXT_TILE
.endm

/* ---- 8 bits: 8 inputs x 4 columns in 27 instructions, 39 cycles. A word holds one column pair. */
.macro PAIR_W8 first second input
  smlad r5,\first,\input,r5
  smlad r7,\second,\input,r7
  uxtb16 \first,\first
  uxtb16 \second,\second
  smlad r4,\first,\input,r4
  smlad r6,\second,\input,r6
.endm
.macro STEP_W8
  ldmia r12!,{r0-r3}
  ldmia lr!,{r8-r11}
  PAIR_W8 r8,r9,r0
  PAIR_W8 r10,r11,r1
  ldmia lr!,{r8-r11}
  PAIR_W8 r8,r9,r2
  PAIR_W8 r10,r11,r3
.endm

FUNCTION dynq_m4_columns_w8
  ENTER .Lsteps_w8,108,.Lagain_w8
  NEXT_TILE
  .balign 4
.Lagain_w8:
  CLEAR_FINISHED
  .balign 4
.Lsteps_w8:
  .rept UNROLLED_STEPS
  STEP_W8
  .endr
  vmov r0,SECTION
  cmp r12,r0
  blo .Lsteps_w8
  bne .Lsection_w8
  sub r5,r5,r4
  sub r7,r7,r6
  asr r5,r5,#8
  asr r7,r7,#8
.Ltotals_w8:
  TOTALS
.Lsection_w8:
  vmov r8,r9,s16,s17
  sub r5,r5,r4
  sub r7,r7,r6
  add r5,r8,r5,asr #8
  add r7,r9,r7,asr #8
  NEXT_SECTION .Llast_w8
  vmov s16,s17,r5,r7
  mov r5,r4
  mov r7,r6
  b .Lsteps_w8
.Llast_w8:
  LAST_SECTION .Ltotals_w8
END_FUNCTION dynq_m4_columns_w8

/* ---- 4 bits: 8 inputs x 4 columns in 30 instructions, 38 cycles. A word holds all four columns. */
.macro PAIRS_W4 first input0 second input1
  smlad r7,\first,\input0,r7
  bic \first,\first,#0xf000f000
  smlad r7,\second,\input1,r7
  bic \second,\second,#0xf000f000
  smlad r6,\first,\input0,r6
  uxtb16 \first,\first
  smlad r6,\second,\input1,r6
  uxtb16 \second,\second
  smlad r5,\first,\input0,r5
  and \first,\first,#0x000f000f
  smlad r5,\second,\input1,r5
  and \second,\second,#0x000f000f
  smlad r4,\first,\input0,r4
  smlad r4,\second,\input1,r4
.endm
.macro STEP_W4
  ldmia r12!,{r0-r3}
  ldmia lr!,{r8-r11}
  PAIRS_W4 r8,r0,r9,r1
  PAIRS_W4 r10,r2,r11,r3
.endm

FUNCTION dynq_m4_columns_w4
  ENTER .Lsteps_w4,120,.Lagain_w4
  NEXT_TILE
  .balign 4
.Lagain_w4:
  CLEAR_FINISHED
  .balign 4
.Lsteps_w4:
  .rept UNROLLED_STEPS
  STEP_W4
  .endr
  vmov r0,SECTION
  cmp r12,r0
  blo .Lsteps_w4
  bne .Lsection_w4
  sub r7,r7,r6
  asr r7,r7,#12
.Llower_w4: /* the lower columns never leave 32 bits: 256 * 8 * 128 * 4096 < 2^31 */
  sub r6,r6,r5
  sub r5,r5,r4
  asr r6,r6,#8
  asr r5,r5,#4
  TOTALS
.Lsection_w4:
  vmov r8,s16
  sub r7,r7,r6
  add r7,r8,r7,asr #12
  NEXT_SECTION .Llast_w4
  vmov s16,r7
  mov r7,r6
  b .Lsteps_w4
.Llast_w4:
  LAST_SECTION .Llower_w4
END_FUNCTION dynq_m4_columns_w4

/* ---- 2 bits: 8 inputs x 4 columns in 18 instructions, 24 cycles. One SMLAD serves two columns and two inputs: a lane is
 * q_a + 2^14 q_b, so a sum is A + 2^14 B, where A is kept within 14 bits by taking it out after every block of at most 40
 * inputs. r4, r6 sums of the low columns | r5, r7 sums of pairs | r8, r9 weights | r10 masked | r11 mask */
#define BLOCK_STEPS_W2 5
.macro COLUMNS_W2 sum weights
  and r10,r11,\weights
  smlad \sum,r10,r0,\sum
  and r10,r11,\weights,ror #4
  smlad \sum,r10,r1,\sum
  and r10,r11,\weights,ror #8
  smlad \sum,r10,r2,\sum
  and r10,r11,\weights,ror #12
  smlad \sum,r10,r3,\sum
.endm
.macro STEP_W2
  ldmia r12!,{r0-r3}
  ldmia lr!,{r8,r9}
  COLUMNS_W2 r5,r8
  COLUMNS_W2 r7,r9
.endm

FUNCTION dynq_m4_columns_w2
  ENTER .Lsteps_w2,72,.Lagain_w2,BLOCK_STEPS
  mov r11,#0xc003
  movt r11,#0xc003
  NEXT_TILE
  .balign 4
.Lagain_w2:
  CLEAR_FINISHED
  .balign 4
.Lblock_w2: /* the first one's start is in the sums already */
  ldr r1,[r12],#4
  vmov r0,BLOCK_STEPS
  bfi r5,r1,#0,#14
  bfi r7,r1,#0,#14
  bx r0
  .balign 4
.Lsteps_w2:
  .rept BLOCK_STEPS_W2
  STEP_W2
  .endr
  vmov r0,SECTION
  ubfx r1,r5,#0,#14
  ubfx r2,r7,#0,#14
  add r4,r4,r1
  add r6,r6,r2
  cmp r12,r0
  blo .Lblock_w2
  bne .Lsection_w2
  asr r5,r5,#14
  asr r7,r7,#14
.Ltotals_w2:
  TOTALS
.Lsection_w2:
  vmov r8,r9,s16,s17
  add r5,r8,r5,asr #14
  add r7,r9,r7,asr #14
  NEXT_SECTION .Llast_w2
  vmov s16,s17,r5,r7
  movs r5,#0
  movs r7,#0
  b .Lblock_w2
.Llast_w2:
  LAST_SECTION .Ltotals_w2
END_FUNCTION dynq_m4_columns_w2

/* ---- After the last whole tile, and after one of fewer columns, whose outputs went into the job. Padding columns give 0. */
FUNCTION dynq_m4_last
  ldr r12,[sp,#64]
  ldrd r4,r5,[r12,#JOB_REST_OUTPUT] /* and the end */
  add r6,r12,#JOB_REST+16
  cmp r1,r5
  beq 2f
  cmp r1,r6
  beq 1f
  sub r1,r6,#16
  vmov COLUMNS_AND_OUTPUT,r0,r1
  cmp r2,#0
  ite eq
  vmoveq HIGH,r6
  vmovne END,r6
  NEXT_TILE
1:
  ldr r0,[r6,#-16]!
  str r0,[r4],#4
  cmp r4,r5
  beq 2f
  ldr r0,[r6,#4]
  str r0,[r4],#4
  cmp r4,r5
  beq 2f
  ldr r0,[r6,#8]
  str r0,[r4]
2:
  vstr HIGH,[r12,#JOB_HIGH]
  vpop {s16-s31}
  pop {r0,r4-r11,pc}
END_FUNCTION dynq_m4_last
#endif
