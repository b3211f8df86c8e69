import redis.exceptions

from server.domain.hints import SERVER_QUEUE
from server.queue import celery_client


def test_a_hint_whose_acknowledgement_fails_does_not_keep_the_consumer_from_the_next(monkeypatch) -> None:
    app = celery_client("redis://127.0.0.1:1/0")
    queue = app.amqp.queues[SERVER_QUEUE]
    connection = app.connection_for_read(transport="memory")
    channel = connection.channel()
    channel.basic_qos(0, 1, False)
    bound = queue(channel)
    bound.declare()
    taken = []
    bound.consume("tag", callback=taken.append)
    for number in range(2):
        channel._put(SERVER_QUEUE, {"body": str(number), "properties": {"delivery_tag": str(number), "delivery_info": {}}, "headers": {}})

    def lost(delivery_tag: str) -> None:
        raise redis.exceptions.ConnectionError("the broker died")

    monkeypatch.setattr(channel.qos, "ack", lost)
    connection.drain_events(timeout=1)
    assert channel.qos.can_consume(), "an unanswered acknowledgement is on nobody's account"
    connection.drain_events(timeout=1)
    assert len(taken) == 2
    connection.release()
