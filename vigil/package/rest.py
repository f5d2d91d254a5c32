"""What is merged into the REST API that Chalice generates from the routes of `app.py`."""

from vigil.package.cloudformation import Json, sub

#: Requests a second, and at once, of all callers together: people and scripts, no public traffic.
RATE = 50
BURST = 100
API_NAME = sub("${AWS::StackName}-api")


def rest_resources() -> Json:
    """Return the API's name and limits, and its function's log group."""
    every = {
        "HttpMethod": "*",
        "ResourcePath": "/*",
        "MetricsEnabled": True,
        "ThrottlingBurstLimit": BURST,
        "ThrottlingRateLimit": RATE,
    }
    return {
        "RestAPI": {
            "Properties": {
                "Name": API_NAME,
                # Said, it keeps SAM from a second stage beside ours, without limits.
                "OpenApiVersion": "2.0",
                "MethodSettings": [every],
            }
        },
        # Chalice names the group after a resource that does not exist (aws/chalice#2079).
        "ApiHandlerLogGroup": {"Properties": {"LogGroupName": sub("/aws/lambda/${APIHandler}")}},
    }
