#include "rows.h"

namespace rush::python {

void add_all_rows() {
  add_autograd_rows();
  add_construct_rows();
  add_elementwise_rows();
  add_option_rows();
  add_recurrent_rows();
  add_reduce_rows();
  add_movement_rows();
  add_join_rows();
  add_create_rows();
  add_random_rows();
  add_convert_rows();
  add_index_rows();
  add_order_rows();
  add_product_rows();
  add_special_rows();
  add_method_rows();
  add_write_rows();
  add_activation_rows();
  add_attention_rows();
  add_dropout_rows();
  add_embedding_rows();
  add_fft_rows();
  add_fractional_pool_rows();
  add_image_rows();
  add_linalg_rows();
  add_linalg_measure_rows();
  add_linear_rows();
  add_loss_rows();
  add_margin_loss_rows();
  add_norm_rows();
  add_optim_rows();
  add_pool_rows();
}

}  // namespace rush::python
