"""The known ways from few rights in IAM to all of them, as a table.

Each row is a combination of actions that together are enough, and what their resource is to the
caller. What a newcomer gets wrong: who may create something new chooses its name, so that a narrow
resource does not narrow it; who changes what exists gets only what that very thing may do.
"""

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What the resource of an action is to somebody who wants more rights.

    USER, GROUP, ROLE, POLICY: an entity of IAM. EXISTING: something that runs with a role already.
    NEW: something that the caller makes, or nothing that matters.
    """

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    POLICY = "policy"
    EXISTING = "existing"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Need:
    """One action of a combination, in lower case."""

    action: str
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Actions that together lead to more rights.

    Attributes:
        service: To which a role is handed on (``iam:PassedToService``), where one is.
        own_user_only: On oneself it gives nothing new: a key of one's own has one's own rights.
    """

    needs: tuple[Need, ...]
    service: str | None = None
    own_user_only: bool = False

    @property
    def name(self) -> str:
        """The actions, as a person writes them."""
        return " + ".join(need.action for need in self.needs)


def _alone(action: str, target: Target, *, own_user_only: bool = False) -> Combination:
    return Combination(needs=(Need(action, target),), own_user_only=own_user_only)


def _passing(service: str, *actions: str) -> Combination:
    """Hand a role on to something new that then runs the caller's code with its rights."""
    made = (Need(action, Target.NEW) for action in actions)
    passed = Need("iam:passrole", Target.ROLE)
    return Combination(needs=(passed, *made), service=f"{service}.amazonaws.com")


COMBINATIONS: tuple[Combination, ...] = (
    # Write oneself more rights.
    _alone("iam:createpolicyversion", Target.POLICY),
    _alone("iam:setdefaultpolicyversion", Target.POLICY),
    _alone("iam:attachuserpolicy", Target.USER),
    _alone("iam:attachgrouppolicy", Target.GROUP),
    _alone("iam:attachrolepolicy", Target.ROLE),
    _alone("iam:putuserpolicy", Target.USER),
    _alone("iam:putgrouppolicy", Target.GROUP),
    _alone("iam:putrolepolicy", Target.ROLE),
    _alone("iam:addusertogroup", Target.GROUP),
    # Become somebody else.
    _alone("iam:updateassumerolepolicy", Target.ROLE),
    _alone("iam:createaccesskey", Target.USER, own_user_only=True),
    _alone("iam:createloginprofile", Target.USER, own_user_only=True),
    _alone("iam:updateloginprofile", Target.USER, own_user_only=True),
    # Hand a role on to something new.
    _passing("ec2", "ec2:runinstances"),
    _passing("ec2", "ec2:requestspotinstances"),
    _passing("lambda", "lambda:createfunction", "lambda:invokefunction"),
    _passing("lambda", "lambda:createfunction", "lambda:addpermission"),
    _passing("lambda", "lambda:createfunction", "lambda:createeventsourcemapping"),
    _passing("glue", "glue:createdevendpoint"),
    _passing("glue", "glue:createjob", "glue:startjobrun"),
    _passing("glue", "glue:createjob", "glue:createtrigger"),
    _passing("glue", "glue:updatejob", "glue:startjobrun"),
    _passing("glue", "glue:createsession", "glue:runstatement"),
    _passing("cloudformation", "cloudformation:createstack"),
    _passing("cloudformation", "cloudformation:createstackset"),
    _passing("codebuild", "codebuild:createproject", "codebuild:startbuild"),
    _passing("codebuild", "codebuild:createproject", "codebuild:startbuildbatch"),
    _passing(
        "datapipeline",
        "datapipeline:createpipeline",
        "datapipeline:putpipelinedefinition",
        "datapipeline:activatepipeline",
    ),
    _passing("ecs-tasks", "ecs:registertaskdefinition", "ecs:runtask"),
    _passing("ecs-tasks", "ecs:registertaskdefinition", "ecs:createservice"),
    _passing("ecs-tasks", "ecs:registertaskdefinition", "ecs:starttask"),
    _passing("sagemaker", "sagemaker:createnotebookinstance"),
    _passing("sagemaker", "sagemaker:createtrainingjob"),
    _passing("sagemaker", "sagemaker:createprocessingjob"),
    _passing("ec2", "autoscaling:createlaunchconfiguration", "autoscaling:createautoscalinggroup"),
    _passing("ec2", "ec2:createlaunchtemplate", "autoscaling:createautoscalinggroup"),
    _passing("tasks.apprunner", "apprunner:createservice"),
    _passing(
        "bedrock-agentcore",
        "bedrock-agentcore:createcodeinterpreter",
        "bedrock-agentcore:invokecodeinterpreter",
    ),
    # Take over something that runs with a role already.
    _alone("lambda:updatefunctioncode", Target.EXISTING),
    _alone("lambda:updatefunctionconfiguration", Target.EXISTING),
    _alone("ssm:sendcommand", Target.EXISTING),
    _alone("ssm:startsession", Target.EXISTING),
    _alone("ec2-instance-connect:sendsshpublickey", Target.EXISTING),
    _alone("ec2:modifyinstanceattribute", Target.EXISTING),
    _alone("cloudformation:updatestack", Target.EXISTING),
    _alone("codebuild:startbuild", Target.EXISTING),
    _alone("ecs:executecommand", Target.EXISTING),
    _alone("glue:updatedevendpoint", Target.EXISTING),
    _alone("sagemaker:createpresignednotebookinstanceurl", Target.EXISTING),
)
