# t/attacks/: what went wrong once when a client, a server or a handler was
# hostile or mistaken, with a victim beside it: that nothing of its is lost, how
# long its calls take, and how much memory a worker does.  "make attacks" runs
# all of them, about two minutes on a machine that has nothing else to do; one:
# t/attacks/attack NAME.


.PHONY: attacks
attacks: all peers hosted-clients build/nthrift ## each known attack beside a victim: its calls, their time, memory
	@TEST_NGINX_BINARY=$(NGINX) t/attacks/run
