"""Each line that is marked is an error, which type checkers find."""

import rushlight as torch
from rushlight import nn

x = torch.randn(2, 3)
torch.softmax(x, dim="rows")  # expect: arg-type
x.sum(axes=1)  # expect: call
torch.relu([1.0, 2.0])  # expect: arg-type
nn.Linear("in", 4)  # expect: arg-type
x.shape + 1  # expect: operator
x.no_such_method()  # expect: attr-defined
torch.no_such_function(x)  # expect: attr-defined
torch.optim.SGD([x], rate=0.1)  # expect: call-arg
